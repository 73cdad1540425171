"""A moving picture of an explorer: `python docs/images/explorer_film.py runs/vae-mnist-1/explorer.html film.gif`.

It needs Playwright and Chromium. The pointer goes once around the map's middle, and the page decodes what is under it.
"""

import io
import math
import shutil
import sys
from pathlib import Path

from PIL import Image

FRAMES, MILLISECONDS, WIDTH = 48, 90, 760


def film(page_path: Path, picture: Path) -> None:
    """Write a GIF of the page's map and of what is decoded beside it."""
    from playwright.sync_api import sync_playwright

    frames = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_context(viewport={"width": 1240, "height": 760}, offline=True).new_page()
        page.goto(page_path.resolve().as_uri())
        page.wait_for_selector("article.model")
        page.evaluate("document.querySelector('.stage').scrollIntoView()")
        stage, canvas = (page.locator(each).first.bounding_box() for each in (".stage", ".map-card canvas"))
        middle = canvas["x"] + canvas["width"] / 2, canvas["y"] + canvas["height"] / 2
        reach = 0.3 * min(canvas["width"], canvas["height"])
        for frame in range(FRAMES):
            angle = 2 * math.pi * frame / FRAMES
            page.mouse.move(middle[0] + reach * math.cos(angle), middle[1] - reach * math.sin(angle))
            page.wait_for_timeout(150)  # until it is decoded
            height = min(stage["height"], 760 - stage["y"])
            clip = {"x": stage["x"], "y": stage["y"], "width": stage["width"], "height": height}
            frames.append(Image.open(io.BytesIO(page.screenshot(clip=clip))).convert("RGB"))
        browser.close()
    size = WIDTH, round(WIDTH * frames[0].height / frames[0].width)
    small = [frame.resize(size, Image.Resampling.LANCZOS) for frame in frames]
    palette = small[0].quantize(96)
    first, *others = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in small]
    first.save(picture, save_all=True, append_images=others, duration=MILLISECONDS, loop=0, optimize=True)


if __name__ == "__main__":
    film(*map(Path, sys.argv[1:3]))
