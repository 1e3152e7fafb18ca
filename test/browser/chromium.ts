import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** An installed Chromium: CHROMIUM_PATH, or one on PATH. */
export function findChromium(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const candidates = folders.flatMap((folder) => NAMES.map((name) => join(folder, name)));
  return [process.env.CHROMIUM_PATH ?? '', ...candidates].find((file) => file !== '' && existsSync(file));
}

/** Why the browser tests cannot run here; undefined when they can. Errors where they must run. */
export function whyNoBrowser(): string | undefined {
  if (findChromium()) return undefined;
  const why =
    'no Chromium on PATH (apt-get install chromium, or set CHROMIUM_PATH): the report is not opened in a browser';
  if (process.env.ASSAY_REQUIRE_BROWSER) throw new Error(why);
  console.warn(`SKIPPED: ${why}`);
  return why;
}

export function launch(): Promise<Browser> {
  // Containers run as root and have a small /dev/shm.
  return chromium.launch({
    executablePath: findChromium(),
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'],
  });
}
