import { mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { Command, Option } from 'commander';
import type { Engine } from '../engines/engine.js';
import type { Limits } from '../engines/guard/limits.js';
import { createEngine } from '../engines/registry.js';
import { AssayError } from '../errors.js';
import type { Inspection } from '../models/inspect.js';
import { oneLine } from '../one-line.js';
import { formatDuration } from '../report/format.js';
import { confine } from './confine-option.js';
import { explainFailure } from './failure.js';
import { type DataFlag, dataFlag, namedData } from './init-data.js';
import { type LimitFlags, memoryLimit, timeLimit } from './limit-options.js';
import { repeated } from './option-values.js';
import { type CardDraft, emptyCard, runFileText } from './starter-files.js';
import { print } from './terminal.js';

interface InitFlags extends LimitFlags {
  checkpoint?: string[];
  data?: DataFlag[];
}

/** `assay init` */
export function initCommand(): Command {
  return new Command('init')
    .description(
      'Writes a model card for each checkpoint and one run file, with comments. Cards say what can be read off a checkpoint, and comments say what cannot. With data as well, everything is opened to see that the run can begin, and a few passes are timed: the command of a first look of under a minute is printed.',
    )
    .argument('[dir]', 'where to write them', '.')
    .addOption(
      new Option(
        '-c, --checkpoint <file>',
        'a checkpoint to write a card for; repeat it to compare several',
      ).argParser(repeated((file) => file)),
    )
    .addOption(
      new Option(
        '-d, --data <[ROLE:]file>',
        'a data set; ROLE is test (the default), validation, train, near or far (OOD sets); repeat it for each',
      ).argParser(repeated(dataFlag)),
    )
    .addOption(timeLimit())
    .addOption(memoryLimit())
    .addOption(confine())
    .addHelpText(
      'after',
      `
Examples:
  $ assay init --checkpoint model.onnx
  $ assay init -c model.onnx --data ./test.npz
  $ assay init comparison -c base.onnx -c jem.pt --data ./cifar-10-batches-bin --data far:./svhn.npz`,
    )
    .action(async (directory: string, flags: InitFlags) => {
      const { checkpoint: checkpoints = [], data = [], timeLimit: seconds, memoryLimit: mebibytes } = flags;
      const limits = { seconds, mebibytes };
      const drafts = checkpoints.length > 0 ? await draftsFor(checkpoints, directory, limits) : [emptyCard()];
      const place = (file: string) => placeFrom(directory, file);
      const cards = drafts.map((draft) => ({ ...draft, file: `${draft.name}.model.yaml` }));
      const run = join(directory, `${cards.length > 1 ? 'comparison' : cards[0].name}.run.yaml`);
      const files = [
        ...cards.map(({ file, text }) => [join(directory, file), text] as const),
        [run, runFileText(cards, namedData(data, place))] as const,
      ];
      for (const [file, text] of files) await writeNew(file, text);
      const engine = drafts.find((draft) => draft.engine)?.engine;
      const known = checkpoints.length > 0 && data.length > 0;
      print(
        `${files.map(([file]) => file).join('\n')}\n\n${await nextStep(run, { known, engine, limits })}\n`,
      );
    });
}

interface NextStep {
  /** Checkpoints and data are there, so that it can be tried. */
  known: boolean;
  engine: string | undefined;
  limits: Partial<Limits>;
}

/** What to type next. What the run would refuse is told now: the files are written, and the rest is an edit of them. */
async function nextStep(run: string, { known, engine, limits }: NextStep): Promise<string> {
  const command = `assay run ${inShell(run)}${engine ? ` --engine ${engine}` : ''}`;
  if (!known) return `Fill in what the comments ask for, then:\n  $ ${command}`;
  const { firstLook } = await import('../runs/first-look.js');
  try {
    const { limit, seconds, allSeconds } = await firstLook(run, { engine, limits });
    const about = (time: number) => `about ${formatDuration(Math.max(10, 5 * Math.ceil(time / 5)))}`;
    if (limit === undefined)
      return `Check what the comments say. Everything opens; the run takes ${about(allSeconds)} on this machine:\n  $ ${command}`;
    return [
      'Check what the comments say. Everything opens.',
      `A first look, at the first ${limit} examples of every data set (${about(seconds)} on this machine; its numbers are rough):`,
      `  $ ${command} --limit ${limit}`,
      `All of it (${about(allSeconds)}):`,
      `  $ ${command}`,
    ].join('\n');
  } catch (error) {
    return `The files need an edit before they run:\n\n${explainFailure(error, false)}\nThen:\n  $ ${command}`;
  }
}

/** A path as a shell takes it. */
const inShell = (file: string) => (/^[\w./+-]+$/.test(file) ? file : `'${file.replaceAll("'", "'\\''")}'`);

/** A path as files in that folder say it. */
function placeFrom(directory: string, file: string): string {
  const path = relative(directory, resolve(file)).split(sep).join('/');
  return path.startsWith('.') || isAbsolute(path) ? path : `./${path}`;
}

/** Cards of all checkpoints, each with a name of its own. */
async function draftsFor(
  checkpoints: readonly string[],
  directory: string,
  limits: Partial<Limits>,
): Promise<CardDraft[]> {
  const engine = await createEngine('ort', { sessions: 1, limits });
  const drafts: CardDraft[] = [];
  try {
    for (const checkpoint of checkpoints) {
      const draft = await draftFor(checkpoint, directory, engine, limits);
      const taken = drafts.map(({ name }) => name.toLowerCase());
      drafts.push(named(draft, taken));
    }
    return drafts;
  } finally {
    await engine.close();
  }
}

/** The same card under a name that is not taken: `model-2`. */
function named(draft: CardDraft, taken: readonly string[]): CardDraft {
  let { name } = draft;
  for (let i = 2; taken.includes(name.toLowerCase()); i++) name = `${draft.name}-${i}`;
  return { ...draft, name, text: draft.text.replace(/^name: .*$/m, `name: ${JSON.stringify(name)}`) };
}

/** A card from what can be read off a checkpoint, with its notes as comments. */
async function draftFor(
  checkpoint: string,
  directory: string,
  engine: Engine,
  limits: Partial<Limits>,
): Promise<CardDraft> {
  const { inspectCheckpoint } = await import('../models/inspect.js');
  const { card, notes, engine: only, gradient } = await inspectCheckpoint(checkpoint, engine, { limits });
  const placed = card.replace(
    /^checkpoint: .*$/m,
    `checkpoint: ${JSON.stringify(placeFrom(directory, checkpoint))}`,
  );
  const name = /^name: "?([^"\n]+)"?$/m.exec(card)?.[1] ?? 'model';
  const comments = notes.map((note) => `# - ${oneLine(note)}\n`).join('');
  return {
    name,
    ...(only && { engine: only }),
    noGradient: gradientMissing(gradient),
    text: `# Read off ${oneLine(basename(checkpoint))}. What the file cannot tell:\n${comments}${placed}`,
  };
}

/** Why there is no gradient; undefined where there is one, or where a look at the file alone cannot tell. */
function gradientMissing({
  available,
  untried,
  missing,
  because,
}: Inspection['gradient']): string | undefined {
  if (available || untried) return undefined;
  const [first] = missing;
  if (first) return `there is no gradient rule for ${first.op}, at node ${JSON.stringify(first.node)}`;
  return because;
}

/** Errors: `output-unwritable`, also when the file exists: nothing is overwritten. */
async function writeNew(file: string, text: string): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text, { flag: 'wx' });
  } catch (cause) {
    const exists = (cause as NodeJS.ErrnoException).code === 'EEXIST';
    throw new AssayError(
      'output-unwritable',
      exists ? 'the file exists already' : 'the file cannot be written',
      {
        file,
        found: exists ? undefined : (cause as Error).message,
        hint: exists ? 'remove it, or name another folder' : 'check the folder and its permissions',
        cause,
      },
    );
  }
}
