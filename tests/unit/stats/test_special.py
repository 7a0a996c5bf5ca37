"""The special functions against SciPy, which the tests may use and the package does not."""

from __future__ import annotations

import pytest
from scipy import stats

from trimtab.stats.special import beta_cdf, beta_quantile, normal_cdf, normal_quantile, t_quantile

SHAPES = [(0.5, 0.5), (1.0, 1.0), (0.5, 9.5), (3.0, 48.0), (1.0, 2000.0), (4000.0, 6000.0), (200.5, 0.5)]


@pytest.mark.parametrize(("a", "b"), SHAPES)
@pytest.mark.parametrize("x", [0.0, 1e-6, 0.01, 0.3, 0.4, 0.77, 0.999, 1.0])
def test_the_beta_distribution_function_agrees_with_scipy(a: float, b: float, x: float) -> None:
    assert beta_cdf(x, a, b) == pytest.approx(stats.beta.cdf(x, a, b), rel=1e-9, abs=1e-13)


@pytest.mark.parametrize(("a", "b"), SHAPES)
@pytest.mark.parametrize("probability", [1e-5, 0.05, 0.5, 0.9, 0.999])
def test_beta_quantiles_agree_with_scipy(a: float, b: float, probability: float) -> None:
    assert beta_quantile(probability, a, b) == pytest.approx(stats.beta.ppf(probability, a, b), rel=1e-8)


@pytest.mark.parametrize("freedom", [1, 2, 4, 11, 59, 400])
@pytest.mark.parametrize("probability", [0.001, 0.1, 0.5, 0.9, 0.95, 0.995])
def test_quantiles_of_students_t_agree_with_scipy(freedom: int, probability: float) -> None:
    assert t_quantile(probability, freedom) == pytest.approx(stats.t.ppf(probability, freedom), rel=1e-8, abs=1e-12)


def test_the_normal_distribution_and_its_quantiles_are_each_others_inverse() -> None:
    assert normal_cdf(1.959963984540054) == pytest.approx(0.975)
    assert normal_quantile(normal_cdf(-1.3)) == pytest.approx(-1.3)
