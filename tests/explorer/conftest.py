"""Pages of models in a browser, each opened from a file, without a network."""

import pytest

from browser import WIDE, chromium, settle


@pytest.fixture(scope="module")
def browser():
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def shoot(tmp_path_factory):
    """Writes what a page looks like in both themes, to be looked at."""
    folder = tmp_path_factory.mktemp("pictures")

    def write(page, name, *, whole=True):
        for _ in range(2):
            theme = page.evaluate("document.documentElement.dataset.theme")
            page.screenshot(path=folder / f"{name}-{theme}.png", full_page=whole)
            page.evaluate("document.querySelector('[aria-label=\"light or dark\"]').click()")
            settle(page)

    return write


@pytest.fixture(scope="module")
def see(browser, tmp_path_factory):
    """Opens an exploration from a file, without a network; all that the page asks for or complains of is kept."""
    folder = tmp_path_factory.mktemp("pages")
    files, contexts = {}, []

    def open_page(exploration, size=WIDE, fragment="", **context):
        path, _ = files.setdefault(id(exploration), (folder / f"{len(files)}.html", exploration))
        if not path.exists():
            exploration.save(path)
        view = {"width": size[0], "height": size[1]}
        made = browser.new_context(viewport=view, offline=True, accept_downloads=True, **context)
        contexts.append(made)
        page = made.new_page()
        page.asked, page.complaints = [], []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on("console", lambda line: line.type == "error" and page.complaints.append(line.text))
        page.on("dialog", lambda dialog: page.complaints.append(dialog.message) or dialog.dismiss())
        page.goto(path.as_uri() + fragment)
        page.wait_for_selector("article.model", timeout=60_000)
        settle(page)
        return page

    yield open_page
    for made in contexts:
        made.close()
