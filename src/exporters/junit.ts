import { junit } from '../gate/reporters/junit.js';
import { slug } from '../report/names.js';
import type { Exported } from '../suites/exporter.js';
import type { Results } from '../suites/results.js';

/** The verdicts that the run reached, as `--reporter junit` writes them. */
export async function junitExport(results: Results): Promise<Exported> {
  const content = junit.render({
    runs: [results],
    gates: results.gates,
    placeOf: () => ({ file: 'results.json', line: 1 }),
  });
  return {
    files: [{ path: `${slug(results.title)}.xml`, content }],
    leftOut: ['measures that no gate judges'],
  };
}
