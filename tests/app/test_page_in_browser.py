"""The page in headless Chromium, as a reader sees it: upload, messages, and no word to any other host."""

import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import pytest

from paraisite.app.value_tables import kappa_text
from paraisite.artifacts.predictors import predict_rows
from paraisite.inference.crystals import read_crystals
from paraisite.workflows.screen import screen_source
from tests.graphs.crystals import rocksalt, wurtzite
from tests.inference.known_predictors import tiny_predictor

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is in the dependency group browser")
pytest.importorskip("streamlit", reason="Streamlit is in the extra app")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 900

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(3 * PATIENCE_SECONDS),
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on the PATH"),
]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    tiny_predictor().save(folder)
    return folder


@pytest.fixture(scope="module")
def address(model: Path) -> Iterator[str]:
    """Serve the page on a free port, and stop serving."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "paraisite", "app", "--port", str(port), "--model", str(model), "--no-browser"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as server:
        try:
            wait_for(f"http://localhost:{port}/_stcore/health", server)
            yield f"http://localhost:{port}"
        finally:
            server.terminate()


def wait_for(url: str, server: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while server.poll() is None and time.monotonic() < end:
        try:
            with urllib.request.urlopen(url):
                return
        except OSError:
            time.sleep(0.5)
    pytest.fail(f"the page was not served: exit code {server.poll()}")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        arguments = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
        running = driver.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield running
        running.close()


@pytest.fixture
def page(browser: Any, address: str) -> Iterator[Any]:
    """Open the page, which must never ask another host for anything."""
    opened, requested = browser.new_page(), []
    opened.set_default_timeout(1000 * PATIENCE_SECONDS)
    opened.on("request", lambda request: requested.append(request.url))
    opened.on("websocket", lambda connection: requested.append(connection.url))
    opened.goto(address)
    opened.get_by_text("This row as JSON").wait_for()
    yield opened
    opened.close()
    schemes_of_other_hosts = {urlparse(url).scheme for url in requested if urlparse(url).hostname != "localhost"}
    assert schemes_of_other_hosts <= {"data", "blob"}


def drop(page: Any, *files: Path) -> None:
    page.get_by_text("My files").click()
    page.locator("input[type=file]").set_input_files([str(file) for file in files])


def test_a_dropped_cif_shows_the_kappa_that_predict_gives_and_what_it_rests_on(page: Any, model: Path, tmp_path: Path):
    file = tmp_path / "salt.cif"
    rocksalt(5.64).to(filename=str(file))
    drop(page, file)
    page.get_by_role("heading", name="NaCl (salt.cif)").wait_for()
    page.get_by_text("This row as JSON").wait_for()
    (row,) = predict_rows(model, read_crystals([file]))
    assert page.get_by_test_id("stMetricValue").inner_text() == kappa_text(row)
    page.locator(".js-plotly-plot canvas").first.wait_for()
    assert page.get_by_text("Where they start from, the model predicts").count() == 1
    with page.expect_download() as download:
        page.get_by_text("This row as CSV").click()
    assert "members" in Path(download.value.path()).read_text().splitlines()[0]


def test_a_broken_file_and_a_disordered_crystal_have_a_message_and_cost_no_other(page: Any, tmp_path: Path):
    broken, mixed, good = tmp_path / "broken.cif", tmp_path / "mixed.cif", tmp_path / "gan.cif"
    broken.write_text("data_nothing\n")
    disordered = rocksalt(5.64)
    disordered[0] = {"Na": 0.5, "K": 0.5}
    disordered.to(filename=str(mixed))
    wurtzite().to(filename=str(good))
    drop(page, broken, mixed, good)
    page.get_by_role("heading", name="GaN (gan.cif)").wait_for()
    assert page.get_by_text("broken.cif: no prediction: not a readable structure").count() == 1
    of_mixed = page.get_by_text("mixed.cif: no prediction: site")
    assert "is not fully occupied by one element" in of_mixed.inner_text()


def click_first_point(page: Any, *, plot: int) -> None:
    """Click the first point of a figure; ``plot`` counts those that are seen."""
    place = page.evaluate(
        """number => {
            const seen = [...document.querySelectorAll('.js-plotly-plot')].filter(each => each.offsetParent);
            const plot = seen[number], points = plot._fullData[0];
            plot.scrollIntoView({block: 'center'});
            const {xaxis, yaxis} = plot._fullLayout, box = plot.getBoundingClientRect();
            return [box.left + xaxis._offset + xaxis.l2p(xaxis.d2l(points.x[0])),
                    box.top + yaxis._offset + yaxis.l2p(yaxis.d2l(points.y[0]))];
        }""",
        plot,
    )
    page.mouse.move(*place)
    page.mouse.click(*place)


def test_a_click_on_the_map_shows_a_training_material(page: Any):
    page.locator(".scatterlayer, .gl-canvas").last.wait_for()
    click_first_point(page, plot=2)
    page.get_by_text("Known conductivity:").wait_for()
    page.get_by_text("Its structure is not on this machine.").wait_for()


def test_a_click_on_a_screenings_point_shows_that_crystal(page: Any, model: Path, tmp_path: Path):
    structures, screened = tmp_path / "structures", tmp_path / "screened"
    structures.mkdir()
    rocksalt(5.64).to(filename=str(structures / "salt.cif"))
    screen_source(str(structures), str(model), output=screened, n_process=1, chunk_size=3, scheduler=None)
    page.get_by_role("tab", name="Screening result").click()
    choose(page, "Screening", "another folder …")
    folder = page.get_by_label("Folder of a finished screening")
    folder.fill(str(screened))
    folder.press("Enter")
    page.get_by_text("1 of 1 crystals").wait_for()
    page.locator(".gl-canvas").first.wait_for()
    click_first_point(page, plot=0)
    page.get_by_role("heading", name="NaCl (salt.cif)").wait_for()


def test_a_second_model_that_is_chosen_stands_beside_the_first(page: Any):
    choose(page, "Second model", "GPACCURATE")
    page.get_by_role("table").get_by_text("GPACCURATE").wait_for()


def choose(page: Any, box: str, option: str) -> None:
    page.get_by_role("combobox", name=box).click()
    page.get_by_role("option", name=option).click()


def test_nothing_is_wider_than_a_phone(page: Any):
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_text("This row as JSON").wait_for()
    main = "document.querySelector('[data-testid=stMain]')"
    page.wait_for_function(f"{main}.scrollWidth <= {main}.clientWidth", timeout=60_000)
