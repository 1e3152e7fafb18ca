import { extname, resolve } from 'node:path';
import { type ByteSource, malformed, openFile } from '../../bytes/byte-source.js';
import { Closing } from '../../bytes/closing.js';
import { isNpy } from '../../bytes/magic.js';
import { AssayError, unknownName } from '../../errors.js';
import type { ArraySource } from './array-source.js';
import { namesLabels } from './names.js';
import { openNpy } from './npy.js';
import { npzMembers } from './npz.js';
import { readNumberTable } from './number-table.js';

/** What an array is wanted for: decides which name in an archive is meant when none is given. */
export type ArrayUse = 'logits' | 'labels';

/** An array in a file of its own, in an archive, or as a table of numbers. */
export interface ArrayFile {
  array: ArraySource;
  /** The file as the user wrote it, with the name of the array where the file holds several. */
  written: string;
  /** Names of the columns of a table. */
  columns?: readonly string[];
  close(): Promise<void>;
}

const LOGIT_NAMES = [
  'logits',
  'logit',
  'probabilities',
  'probs',
  'predictions',
  'preds',
  'outputs',
  'scores',
];

const meant: Record<ArrayUse, (name: string) => boolean> = {
  logits: (name) =>
    name
      .toLowerCase()
      .split(/[_.-]/)
      .some((word) => LOGIT_NAMES.includes(word)),
  labels: namesLabels,
};

/**
 * Opens `FILE.npy`, `FILE.npz`, `FILE.npz:ARRAY`, `FILE.csv` or `FILE.csv:COLUMN`; the content tells the format.
 * .npy and .npz are read by ranges where they lie, tables are held in memory.
 * Errors: `file-unreadable`, `file-malformed`, `data-invalid`, `unknown-name`.
 */
export async function openArrayFile(written: string, use: ArrayUse, directory: string): Promise<ArrayFile> {
  const [, path = written, name] = /^(.+\.(?:npz|csv|tsv|txt)):([^:/\\]+)$/i.exec(written) ?? [];
  const closing = new Closing();
  return closing.guard(async () => {
    const source = closing.add(await openFile(resolve(directory, path)));
    const start = Buffer.from(await source.read(0, Math.min(512, source.size)));
    const format = formats.find(({ recognises }) => recognises(start));
    if (!format) throw foreign(source);
    return { written, ...(await format.open(source, { name, use, path, closing })), close: closing.close };
  });
}

interface Wanted {
  /** What stands after the colon. */
  name: string | undefined;
  use: ArrayUse;
  path: string;
  closing: Closing;
}

interface Format {
  recognises(start: Buffer): boolean;
  open(
    source: ByteSource,
    content: Wanted,
  ): Promise<Omit<ArrayFile, 'close' | 'written'> & { written?: string }>;
}

const formats: readonly Format[] = [
  {
    recognises: isNpy,
    open: async (source) => ({ array: await openNpy(source) }),
  },
  {
    recognises: (start) => start.toString('latin1', 0, 2) === 'PK',
    async open(source, { name, use, path, closing }) {
      const members = await npzMembers(source);
      if (members.size === 0) throw foreign(source);
      const chosen = name ?? onlyOne([...members.keys()], use, path, source);
      const member = members.get(chosen);
      if (!member) throw unknownName('array', chosen, [...members.keys()], { file: source.place.file });
      const array = await openNpy(closing.add(await member.open()));
      return { array, written: members.size > 1 ? `${path}:${chosen}` : path };
    },
  },
  {
    // Text has no bytes below a tab.
    recognises: (start) => start.length > 0 && start.every((byte) => byte >= 9),
    open: (source, { name }) => readNumberTable(source, name),
  },
];

/** The only array, or the only one with a usual name. Errors: `data-invalid`. */
function onlyOne(names: readonly string[], use: ArrayUse, path: string, source: ByteSource): string {
  if (names.length === 1) return names[0]!;
  const fitting = names.filter(meant[use]);
  // What OpenOOD saves: (conf, pred, label).
  if (use === 'logits' && fitting.length === 0 && names.includes('conf') && names.includes('pred'))
    throw new AssayError('data-invalid', 'the archive holds confidences, not logits', {
      ...source.place,
      expected: 'an array (examples, classes) of logits',
      found: `arrays ${names.join(', ')}: a number per example, of which no logits can be made`,
      hint: 'save the logits that the scores were made of: numpy.savez(FILE, logits=logits, labels=labels)',
    });
  if (fitting.length === 1) return fitting[0]!;
  throw new AssayError('data-invalid', `which array of the archive holds the ${use} is not clear`, {
    ...source.place,
    expected: `one array with a name such as ${use}`,
    found: `arrays ${names.join(', ')}`,
    hint: `name it: ${path}:${fitting[0] ?? names[0]}`,
  });
}

function foreign({ place, size }: ByteSource): AssayError {
  const torch = ['.pt', '.pth', '.pkl', '.pickle'].includes(extname(place.file).toLowerCase());
  return malformed(place, 'this file holds no array that can be read', {
    expected: 'a NumPy array (.npy), an archive of them (.npz), or a table of numbers (.csv)',
    found: size === 0 ? 'an empty file' : torch ? 'a pickle, which is never executed' : 'something else',
    hint: torch
      ? "save it from Python: numpy.save('logits.npy', logits.cpu().numpy())"
      : "save it with numpy.save('logits.npy', array)",
  });
}
