import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { errorOf, levels, readAll, temporaryFolder } from './files.js';

const here = fileURLToPath(new URL('images', import.meta.url));
const { files }: { files: Record<string, { mode: string; rgb: number[]; l: number[] }> } = JSON.parse(
  readFileSync(join(here, 'values.json'), 'utf8'),
);
const directory = temporaryFolder();

/** A folder of that one image. */
function alone(name: string): string {
  const folder = name.replace('.', '-');
  mkdirSync(join(directory, folder), { recursive: true });
  copyFileSync(join(here, name), join(directory, folder, name));
  return folder;
}

/** (H x W, C) as (C, H x W). */
const planes = (bytes: readonly number[], channels: number) =>
  Array.from({ length: channels }, (_, c) => bytes.filter((_, i) => i % channels === c)).flat();

/** Pillow takes the lower bits of 16-bit grey for the whole. */
const REFUSED = ['l16.png', 'la16.png'];
const READ = Object.keys(files).filter((name) => !REFUSED.includes(name));

describe('images have the values that Pillow and torchvision read', () => {
  it.each(READ)('%s in colour', async (name) => {
    const all = await readAll(directory, { path: alone(name), channels: 3 });
    expect(levels(all)).toEqual(planes(files[name]!.rgb, 3));
  });

  it.each(READ)('%s in grey', async (name) => {
    const all = await readAll(directory, { path: alone(name), channels: 1 });
    expect(levels(all)).toEqual(files[name]!.l);
  });

  it.each(READ)('%s as it is', async (name) => {
    const all = await readAll(directory, { path: alone(name) });
    const grey = ['1', 'L', 'LA'].includes(files[name]!.mode);
    expect(levels(all)).toEqual(grey ? files[name]!.l : planes(files[name]!.rgb, 3));
    const seen = /transparent|alpha|la\.|rgba/.test(name);
    expect(all.info.note?.includes('transparency left out')).toBe(seen);
  });

  it.each(REFUSED)('%s is refused, and what would become of it is said', async (name) => {
    const error = await errorOf(readAll(directory, { path: alone(name) }));
    expect(error).toMatchObject({ code: 'data-invalid', message: 'the image has 16 bits of grey' });
    expect(error.details.hint).toMatch(/8 bits/);
  });
});
