"""The package's face: every name resolves, and importing it costs next to nothing."""

import subprocess
import sys

import pytest

from analysis import meta


@pytest.mark.parametrize("name", dir(meta))
def test_every_exported_name_resolves_in_its_home(name):
    assert getattr(meta, name) is getattr(sys.modules[f"analysis.meta.{meta._HOME[name]}"], name)


def test_importing_a_module_does_not_shadow_the_function_of_the_same_name():
    code = (
        "from importlib import import_module\nfrom analysis import meta\n"
        "for home in set(meta._HOME.values()): import_module('analysis.meta.' + home)\n"
        "from types import ModuleType\n"
        "assert not [n for n in dir(meta) if isinstance(getattr(meta, n), ModuleType)]"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="poool"):
        _ = meta.poool


def test_pooling_loads_no_table_plot_or_model_library():
    code = (
        "import sys\nfrom analysis import meta\nmeta.pool([0.1, 0.3], [0.04, 0.05]).pi\n"
        "heavy = {'pandas', 'matplotlib', 'statsmodels', 'scipy.stats'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
