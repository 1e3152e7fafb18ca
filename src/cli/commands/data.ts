import { Argument, Command, Option } from 'commander';
import { interruption } from '../../concurrency.js';
import { AssayError } from '../../errors.js';
import type { NamedSet } from '../../pull/named-set.js';
import type { PullStage } from '../../pull/pull.js';
import { textTable } from '../../report/text-table.js';
import { pulledSnippet, sizeText } from '../starting/pulled-snippet.js';
import { untilStopped } from '../terminal/stop-signals.js';
import { print } from '../terminal/terminal.js';
import { terminalProgress } from '../terminal/terminal-progress.js';

interface DataFlags {
  out: string;
  mirror?: string;
  keepArchive?: boolean;
  verify?: boolean;
  json?: boolean;
  quiet?: boolean;
}

/** `assay data list`, `assay data pull NAME...` */
export function dataCommand(): Command {
  return new Command('data')
    .description(
      'Fetches published data sets by their names, checks them, and makes them into what run files name. `list` says which there are.',
    )
    .addArgument(new Argument('<action>', 'what to do').choices(['list', 'pull']))
    .argument('[names...]', 'pull: which data sets')
    .option('-o, --out <folder>', 'where to: each data set gets a folder of its name there', './data')
    .addOption(
      new Option(
        '--mirror <url>',
        'an address, or a folder, that has the files in place of their makers, as NAME/archives/FILE: what --keep-archive leaves',
      ).env('ASSAY_DATA_MIRROR'),
    )
    .option('--keep-archive', 'keep what was fetched, in NAME/archives')
    .option(
      '--verify',
      'of data sets that are there: compare the content of every file, and not only its size',
    )
    .option('--json', 'list: print it as JSON')
    .option('--quiet', 'print only errors')
    .addHelpText(
      'after',
      `
Examples:
  $ assay data list
  $ assay data pull cifar10 svhn                        # ./data/cifar10, ./data/svhn, and what a run file says of them
  $ assay data pull cifar10                             # again: a check, which fetches nothing
  $ assay data pull textures --out /scratch/data --keep-archive
  $ assay data pull textures --mirror https://mirror.example.org/data

What was fetched of a file is kept: after an interruption the same command goes on. HTTP_PROXY, HTTPS_PROXY and NO_PROXY are
heeded, and certificates of NODE_EXTRA_CA_CERTS.`,
    )
    .action(async (action: string, names: string[], flags: DataFlags) => {
      const [{ namedSets }, { refuseByHand }] = await Promise.all([
        import('../../pull/registry.js'),
        import('../../pull/by-hand.js'),
      ]);
      if (action === 'list') {
        if (names.length > 0) throw noNames(names);
        print(
          flags.json ? `${JSON.stringify([...namedSets].map(listed), null, 2)}\n` : table([...namedSets]),
        );
        return;
      }
      if (names.length === 0)
        throw new AssayError('config-invalid', 'which data sets to pull is not said', {
          path: 'data pull',
          expected: `some of ${namedSets.names.join(', ')}`,
          hint: `assay data pull ${namedSets.names[0]}`,
        });
      await pullAll(
        [...new Set(names)].map((name) => {
          refuseByHand(name);
          return namedSets.named(name, { path: 'data pull' });
        }),
        flags,
      );
    });
}

const noNames = (names: readonly string[]) =>
  new AssayError('config-invalid', 'list takes no names', {
    path: 'data list',
    found: names.join(' '),
    hint: `to fetch them: assay data pull ${names.join(' ')}`,
  });

const sum = (files: readonly { size: number }[]) => files.reduce((bytes, { size }) => bytes + size, 0);

const listed = ({ name, title, home, licence, files, checksums, room }: NamedSet) => ({
  name,
  title,
  home,
  licence,
  bytes: sum(files),
  room,
  checksums,
  files,
});

function table(sets: readonly NamedSet[]): string {
  const rows = sets.map(({ name, title, files, room }) => [
    name,
    title,
    sizeText(sum(files)),
    sizeText(room),
  ]);
  return `${textTable([['name', 'what', 'to fetch', 'on disk, at most'], ...rows], [0, 1]).join('\n')}\n`;
}

async function pullAll(
  sets: readonly NamedSet[],
  { out, quiet = false, ...flags }: DataFlags,
): Promise<void> {
  const { pull } = await import('../../pull/pull.js');
  const progress = terminalProgress(quiet);
  const stopping = (name: NodeJS.Signals) =>
    new AssayError('interrupted', `stopped by ${name}`, {
      hint: 'run the same command again to go on: what was fetched is kept',
    });
  try {
    await untilStopped(async (signal) => {
      for (const set of sets) {
        if (signal.aborted) throw interruption(signal);
        const tell = showing((text) => progress.show(text, true));
        const pulled = await pull(set, { ...flags, out, signal, tell });
        progress.end();
        if (!quiet) print(`${pulledSnippet(set, pulled)}\n`);
      }
    }, stopping);
  } finally {
    progress.end();
  }
}

/** `cifar10: fetching cifar-10-binary.tar.gz, 45 of 170 MB, 12 MB/s` */
function showing(show: (text: string) => void): (stage: PullStage) => void {
  let since: { at: number; done: number; file: string | undefined } | undefined;
  return ({ set, what, file, done, of }) => {
    const now = performance.now();
    if (since?.file !== file || since?.file === undefined) since = { at: now, done: done ?? 0, file };
    const seconds = (now - since.at) / 1000;
    const rate = done !== undefined && seconds > 1 ? (done - since.done) / seconds : 0;
    show(
      [
        `${set}: ${what}${file ? ` ${file}` : ''}`,
        ...(done !== undefined && of !== undefined ? [`${sizeText(done)} of ${sizeText(of)}`] : []),
        ...(rate > 0 ? [`${sizeText(rate)}/s`] : []),
      ].join(', '),
    );
  };
}
