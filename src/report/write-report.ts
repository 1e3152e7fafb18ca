import path from 'node:path';
import { AssayError, type ErrorDetails } from '../errors.js';
import { BUILT_IN, type Registry } from '../registry.js';
import type { OutputFile, Renderer } from '../suites/renderer.js';
import type { Results } from '../suites/results.js';
import { writeAtomically } from './output.js';
import { pathInside } from './plugin-file.js';
import { renderers } from './renderers.js';

/** Where files of renderers of plug-ins go: below a folder with the renderer's name. */
export const REPORTS = 'reports';

/** What `writeReport` can be told. */
export interface ReportOptions {
  /** Called for each figure that is drawn and before each format is written, `reportPieces` times in all. */
  begun?: () => void;
  /** What writes; default: what comes with Assay. */
  renderers?: Registry<Renderer>;
}

/**
 * Renders results into a run folder: `report.html`, `measures.csv`, `tables/*.tex`, and `reports/NAME/` for each renderer
 * of a plug-in. Reads nothing but the results and the images they name, so a report can be made again at any time.
 * Errors: `output-unwritable`; `file-unreadable` when the installed templates are missing; `plugin-invalid` for a
 * renderer of a plug-in that fails or names a file elsewhere.
 */
export async function writeReport(
  directory: string,
  results: Results,
  { begun = () => undefined, renderers: all = renderers }: ReportOptions = {},
): Promise<void> {
  const write = async (renderer: Renderer, own: boolean) => {
    begun();
    const files = own
      ? await renderer.render(results, directory, begun)
      : filesOfPlugin(renderer, results, directory, begun);
    for await (const file of files) await writeAtomically(path.join(directory, file.path), file.content);
  };
  const [own, others] = [true, false].map((mine) =>
    [...all].filter(({ name }) => (all.origin(name) === BUILT_IN) === mine),
  ) as [Renderer[], Renderer[]];
  // While plots are drawn in a thread, the sheets of examples are read in this one. Nothing runs on after a failure.
  const ends = await Promise.allSettled(own.map((renderer) => write(renderer, true)));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  for (const renderer of others) await write(renderer, false);
}

/** In how many pieces `writeReport` does its work: figures take the time. */
export function reportPieces({ suites }: Results, all: Registry<Renderer> = renderers): number {
  return all.names.length + suites.reduce((sum, { figures }) => sum + figures.length, 0);
}

/** What a renderer of a plug-in makes, below the folder that is its own. It is given results that it may change. */
async function* filesOfPlugin(
  renderer: Renderer,
  results: Results,
  directory: string,
  drawing: () => void,
): AsyncGenerator<OutputFile<string | Uint8Array>> {
  const refuse = (message: string, details: ErrorDetails) =>
    new AssayError('plugin-invalid', `the renderer "${renderer.name}" ${message}`, details);
  const noFiles = () =>
    refuse('made no list of files', { expected: '[{ path: "summary.md", content: "..." }, ...]' });
  try {
    const made: unknown = await renderer.render(structuredClone(results), directory, drawing);
    if (!isSeries(made)) throw noFiles();
    for await (const file of made) {
      if (!isFile(file)) throw noFiles();
      const inside = pathInside(file.path, `the renderer "${renderer.name}"`);
      yield { ...file, path: `${REPORTS}/${renderer.name}/${inside}` };
    }
  } catch (cause) {
    if (cause instanceof AssayError) throw cause;
    throw refuse('failed', {
      found: cause instanceof Error ? cause.message : String(cause),
      hint: 'mend it and run the same command again: nothing is measured again',
      cause,
    });
  }
}

const isSeries = (made: unknown): made is readonly unknown[] | AsyncIterable<unknown> =>
  Array.isArray(made) || (typeof made === 'object' && made !== null && Symbol.asyncIterator in made);

function isFile(file: unknown): file is OutputFile<string | Uint8Array> {
  if (typeof file !== 'object' || file === null) return false;
  const { path: place, content }: { path?: unknown; content?: unknown } = file;
  return typeof place === 'string' && (typeof content === 'string' || content instanceof Uint8Array);
}
