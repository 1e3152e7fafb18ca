import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { savePictures } from '../../src/report/pictures.js';
import type { Results } from '../../src/suites/results.js';
import { plainNames, type SampleNames, sampleResults } from './sample.js';

/** A fresh folder that is removed after `use`. */
export async function withFolder<T>(use: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'assay-report-'));
  try {
    return await use(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** The sample as the runner leaves it: pictures saved to `images/`, figures naming files. */
export async function savedSample(directory: string, names: SampleNames = plainNames): Promise<Results> {
  const results = sampleResults(names);
  for (const suite of results.suites) suite.figures = await savePictures(directory, suite.figures);
  return results;
}

/** Names that break out of HTML, SVG, LaTeX, CSV, file names and Vega expressions when anyone forgets to escape. */
export const hostileNames: SampleNames = {
  title: '</title><script>window.hurt = 1</script>',
  baseline: '<script>window.hurt = 1</script>',
  robust: '"><img src=x onerror="window.hurt = 1">',
  jem: "jem' & \\input{/etc/passwd} 100% $x_1^2$ #~{",
  purified: '../../evil",\nnewline,"quoted"',
  scalar: '{{title}} {{{script}}} </svg><svg onload="window.hurt = 1"> =1+1',
};
