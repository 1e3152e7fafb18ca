import { AssayError, type ErrorCode } from '../../errors.js';
import type { PluginSources } from '../asked/plugin-modules.js';
import { assayVersion } from '../folder/environment.js';
import { codeIdentity } from '../folder/program.js';

/** Who measures, or has measured: where these agree, so do the keys of units and the numbers in them. */
export interface RunIdentity {
  assay: string;
  /** A digest of the code and of what it depends on. */
  program: string;
  /** Digests of the files of plug-ins, by the modules that the run file names. Default: there are none. */
  plugins?: Readonly<Record<string, string>>;
  engine: string;
  /** The run file as resolved, and all that decides the rows of its units. */
  run: string;
}

/**
 * @param engine as it describes itself
 * @param run the key of the run
 */
export function identityOf(
  { sources: { digests: plugins = {} } }: { sources: Pick<PluginSources, 'digests'> },
  engine: string,
  run: string,
): RunIdentity {
  return {
    ...{ assay: assayVersion(), program: codeIdentity() },
    ...(Object.keys(plugins).length > 0 && { plugins }),
    ...{ engine, run },
  };
}

/** What decides the rows of a unit, in the order in which one explains the next, and what to do where it differs. */
const facts = ({ assay, program, plugins = {}, engine, run }: RunIdentity): [string, Fact][] => [
  ['the version of Assay', { is: assay, hint: 'install that version here' }],
  ['the program', { is: program, hint: 'install the same code and packages here' }],
  ...Object.entries(plugins).map(([module, is]): [string, Fact] => [
    `the plug-in "${module}"`,
    {
      is,
      hint: 'its files, or those that it names by relative paths, differ: run again once they are the same',
    },
  ]),
  [
    'the engine',
    {
      is: engine,
      hint: 'give run and workers the same --engine, --device and --threads, or install the same version of it',
    },
  ],
  [
    'the plan of the run',
    {
      is: run,
      hint: 'the run file, its models, its data or its options (--limit, --seed, --until-decided) differ: make them the same here, and change nothing while a run goes on',
    },
  ],
];

interface Fact {
  is: string;
  hint: string;
}

/** What differs where a run is to be measured from where it was submitted, the most telling first. */
export function differences(theirs: RunIdentity, ours: RunIdentity) {
  const here = new Map(facts(ours));
  return facts(theirs).flatMap(([what, { is, hint }]) => {
    const found = here.get(what)?.is ?? 'none';
    return found === is ? [] : [{ what, theirs: is, ours: found, hint }];
  });
}

/**
 * Errors: `code` with what differs.
 * @param where in words, where it was submitted
 */
export function refuseOther(
  theirs: RunIdentity,
  ours: RunIdentity,
  { code, file, where }: { code: ErrorCode; file: string; where: string },
): void {
  const [first, ...more] = differences(theirs, ours);
  if (!first) return;
  throw new AssayError(code, `${first.what} is not the same here as ${where}`, {
    file,
    expected: first.theirs,
    found: first.ours,
    hint: first.hint,
    also: more.map(({ what, theirs, ours }) => `${what}: ${theirs} there, ${ours} here`),
  });
}
