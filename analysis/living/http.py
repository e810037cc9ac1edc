"""One polite way of asking a public service: paced, patient, and never silent."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

import requests
from tqdm import tqdm

#: Who we say we are.
USER_AGENT = "ketamine-mecfs-review (living systematic review)"
#: Seconds to wait for a connection, and for each part of an answer.
TIMEOUT = (10.0, 30.0)
#: Answers that may be different a moment later.
PASSING_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})
#: No wait is longer than this, whatever the service asks for.
LONGEST_WAIT = 120.0
#: An answer larger than this is not a page of search results.
LARGEST_BODY = 50_000_000


class SourceError(RuntimeError):
    """A service could not be asked; the message says which, why and what to do."""


def _say(text: str) -> None:
    """Tell whoever waits; a progress bar stays whole."""
    tqdm.write(text, file=sys.stderr)


class PoliteSession:
    """GET requests to one service, at its pace, with retries and time-outs.

    Parameters
    ----------
    name : str
        The service's name, used in messages.
    base_url : str
        Address that paths are appended to.
    per_second : float
        Requests per second that the service allows.
    params : mapping, optional
        Parameters sent with every request, such as a key; never printed.
    tries : int, default 5
        How often a passing fault is met before giving up.
    wait : callable, default time.sleep
        Waits the given number of seconds.
    say : callable, optional
        Told why and how long it waits; by default on standard error.
    """

    def __init__(
        self,
        name: str,
        base_url: str,
        per_second: float,
        *,
        params: Mapping[str, str] | None = None,
        tries: int = 5,
        wait: Callable[[float], None] = time.sleep,
        say: Callable[[str], None] = _say,
    ) -> None:
        self.name = name
        self.base_url = base_url.rstrip("/")
        self._interval = 1.0 / per_second
        self._params = dict(params or {})
        self._tries = tries
        self._wait = wait
        self._say = say
        self._next_slot = 0.0
        self._session = requests.Session()
        self._session.headers["User-Agent"] = USER_AGENT

    def get_json(self, path: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return the JSON object at ``path``.

        Raises
        ------
        SourceError
            If the service cannot be reached, refuses, or answers with
            something else than a JSON object, after all tries.
        """
        return self._ask(path, params, _json_object)

    def get_text(self, path: str, params: Mapping[str, Any]) -> str:
        """Return the text at ``path``; raises as :meth:`get_json` does."""
        return self._ask(path, params, lambda response: response.text)

    def _ask(
        self, path: str, params: Mapping[str, Any], read: Callable[[requests.Response], Any]
    ) -> Any:
        fault = ""
        for attempt in range(self._tries):
            self._keep_pace()
            pause = min(2.0**attempt, LONGEST_WAIT)
            try:
                response = self._fetch(path, params)
                if response.status_code in PASSING_STATUS:
                    fault = f"answered with status {response.status_code}"
                    pause = max(pause, _retry_after(response))
                elif not response.ok:
                    raise SourceError(
                        f"{self.name} refused the request (status {response.status_code}): "
                        f"{response.text[:200]!r}. Check the query or the number asked for."
                    )
                else:
                    return read(response)
            except requests.Timeout:
                fault = "did not answer in time"
            except requests.ConnectionError:
                fault = "could not be reached"
            except requests.RequestException as error:
                # The full message may hold the address, and with it a key.
                fault = f"could not be read ({type(error).__name__})"
            except ValueError as error:
                fault = f"sent something unreadable ({error})"
            if attempt + 1 < self._tries:
                self._say(f"{self.name} {fault}; asking again in {pause:.0f} s")
                self._wait(pause)
        raise SourceError(
            f"{self.name} {fault}, although it was asked {self._tries} times. "
            "Is this computer online? Otherwise try again later."
        )

    def _fetch(self, path: str, params: Mapping[str, Any]) -> requests.Response:
        response = self._session.get(
            f"{self.base_url}/{path.lstrip('/')}",
            params={**self._params, **params},
            timeout=TIMEOUT,
            stream=True,
        )
        with response:
            body = bytearray()
            for chunk in response.iter_content(65_536):
                body += chunk
                if len(body) > LARGEST_BODY:
                    raise SourceError(f"{self.name} sent more than {LARGEST_BODY:,} bytes.")
        response._content = bytes(body)
        response.encoding = "utf-8"
        return response

    def _keep_pace(self) -> None:
        now = time.monotonic()
        if now < self._next_slot:
            self._wait(self._next_slot - now)
        self._next_slot = max(now, self._next_slot) + self._interval


def _json_object(response: requests.Response) -> dict[str, Any]:
    body = response.json()
    if not isinstance(body, dict):
        raise ValueError(f"a JSON object was expected, not {type(body).__name__}")
    return body


def _retry_after(response: requests.Response) -> float:
    """Seconds the service asks us to wait; a date or nonsense counts as none."""
    asked = response.headers.get("Retry-After", "")
    return min(float(asked), LONGEST_WAIT) if asked.isdigit() else 0.0
