import { rm } from 'node:fs/promises';
import { Option } from 'commander';
import { AssayError } from '../../errors.js';
import { reporters } from '../../gate/reporters/registry.js';
import type { Judged, Reporter } from '../../gate/reporters/reporter.js';
import { writeAtomically } from '../../report/output.js';
import { onGitHub } from './github.js';
import { tellGitHub } from './tell-github.js';
import { print } from './terminal.js';

export interface ReporterFlags {
  reporter?: string[];
  outputFile?: string[];
}

/** The options of commands that judge gates: those of Vitest, which people know from their test runs. */
export const reporterOptions = (): Option[] => [
  new Option(
    '--reporter <name>',
    `write the verdicts for other programs, to standard output unless --outputFile says where: ${reporters.names.join(', ')}; repeat it for several`,
  ).argParser(added),
  new Option(
    '--outputFile <[reporter=]file>',
    'where a reporter writes; with its name where there are several',
  ).argParser(added),
];

const added = (value: string, before: string[] = []) => [...before, value];

/** What the reporters of a command line will do. */
export interface Reporting {
  /** Whether one writes to standard output, where then nothing else goes. */
  toOutput: boolean;
  /**
   * Writes every file, whole, and tells GitHub where the command runs there.
   * @param gathered is asked when somebody wants to know
   * Errors: `output-unwritable`.
   */
  report(gathered: () => Promise<Judged>): Promise<void>;
}

/**
 * Takes away what earlier commands left at the places of the files: where this one ends before there are verdicts, no file
 * says anything. Errors: `unknown-name`, `config-invalid`, `output-unwritable`.
 */
export async function startReporting(flags: ReporterFlags): Promise<Reporting> {
  const rows = (flags.reporter ?? []).map((name) => reporters.named(name, { path: '--reporter' }));
  const files = outputFiles(rows, flags.outputFile ?? []);
  for (const file of files.values())
    await rm(file, { force: true }).catch((cause: Error) => {
      throw new AssayError('output-unwritable', 'an earlier file of a reporter cannot be removed', {
        file,
        found: cause.message,
        hint: 'name another file in --outputFile, one that you may write',
        cause,
      });
    });
  return {
    toOutput: rows.some((row) => !files.has(row)),
    async report(gathered) {
      if (rows.length === 0 && !onGitHub()) return;
      const judged = await gathered();
      for (const row of rows) {
        const file = files.get(row);
        const content = row.render(judged);
        if (file === undefined) print(content);
        else await writeAtomically(file, content);
      }
      if (onGitHub()) await tellGitHub(judged);
    },
  };
}

function outputFiles(rows: readonly Reporter[], given: readonly string[]): Map<Reporter, string> {
  const files = new Map<Reporter, string>();
  for (const text of given) {
    const [, name, file] = /^(?:([a-z-]+)=)?(.+)$/s.exec(text) ?? [];
    const row = name === undefined && rows.length === 1 ? rows[0] : rows.find((r) => r.name === name);
    if (!row || file === undefined) throw unclear(text, rows);
    files.set(row, file);
  }
  const printed = rows.filter((row) => !files.has(row));
  if (printed.length < 2) return files;
  throw refused('several reporters would write to standard output', {
    found: printed.map(({ name }) => name).join(', '),
    hint: `give all but one a file: ${printed
      .slice(1)
      .map(({ name }) => `--outputFile ${name}=FILE`)
      .join(' ')}`,
  });
}

const unclear = (text: string, rows: readonly Reporter[]) =>
  refused('an output file belongs to no reporter', {
    found: text,
    expected:
      rows.length > 0 ? `REPORTER=FILE, with one of ${rows.map(({ name }) => name).join(', ')}` : undefined,
    hint:
      rows.length > 0
        ? `write --outputFile ${rows[0]!.name}=FILE`
        : `add the reporter: --reporter ${reporters.names[0]} --outputFile ${text}`,
  });

const refused = (message: string, details: { found: string; expected?: string; hint: string }) =>
  new AssayError('config-invalid', message, { path: '--outputFile', ...details });
