import { dirname, extname, resolve } from 'node:path';
import { readConfigFile } from '../../config/read-file.js';
import { type Static, Type } from '../../config/type.js';
import { check } from '../../config/validate.js';
import { DEFAULT_LIMITS } from '../../engines/guard/limits.js';
import { AssayError } from '../../errors.js';
import { checkRules } from '../../gate/check-rules.js';
import { GateRule } from '../../gate/rule.js';
import { titleOf } from '../folder/run-folder.js';
import { digestOfRunFile } from '../folder/run-record.js';
import { refuseOutside } from './confined-run-file.js';

const open = { additionalProperties: true };

const limit = (of: string, usual: number | string) =>
  Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 1e9, description: `${of}; default: ${usual}` }));

/** What is measured on what, and what must hold. Paths in it start at the run file's own folder. */
export const RunFile = Type.Object(
  {
    name: Type.Optional(Type.String({ minLength: 1, description: 'the title of the report' })),
    models: Type.Array(Type.Union([Type.String({ minLength: 1 }), Type.Object({}, open)]), {
      minItems: 1,
      description: 'model cards: files, or cards written out',
    }),
    defences: Type.Array(
      Type.Object(
        {
          name: Type.String({ minLength: 1, description: 'what reports call the defended model' }),
          model: Type.String({ minLength: 1, description: 'name of the model that is defended' }),
        },
        open,
      ),
      { default: [], description: 'more systems: a model behind a defence' },
    ),
    datasets: Type.Record(Type.String(), Type.Object({}, open), {
      minProperties: 1,
      description: 'data sets by name, such as test: { path: ./test.npz }',
    }),
    plugins: Type.Array(Type.String({ minLength: 1 }), {
      default: [],
      description: 'modules that export plug-ins or your own suites: files, or npm packages',
    }),
    suites: Type.Array(Type.Union([Type.String({ minLength: 1 }), Type.Object({}, open)]), {
      minItems: 1,
      description:
        'what to measure: names, or { name: options }, or { name: [options, ...] }; a suite that can measure nothing is an error unless its entry says `optional: true`; `models: [...]` and `datasets: [...]` beside it name what it is shown',
    }),
    gates: Type.Array(GateRule, {
      default: [],
      description: 'rules that must hold; otherwise the exit code is 1',
    }),
    limits: Type.Optional(
      Type.Object(
        {
          seconds: limit('seconds per call', DEFAULT_LIMITS.seconds),
          mebibytes: limit('MiB beyond four times its weights', DEFAULT_LIMITS.mebibytes),
          batchMebibytes: limit(
            'MiB that all calls which run at once may take together, weights aside: batches are as large as fits',
            'half of what is free',
          ),
        },
        {
          additionalProperties: false,
          description:
            'what a network may take, while it is tried and in batches; --time-limit, --memory-limit and --batch-memory take precedence',
        },
      ),
    ),
    unitTimeout: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        maximum: 1e6,
        description:
          'seconds that a unit (a measurement of some examples) may take, before it is tried once more and then given up; --unit-timeout takes precedence; default: as long as it likes',
      }),
    ),
    failOnError: Type.Optional(
      Type.Union([Type.Boolean(), Type.Number({ exclusiveMinimum: 0, maximum: 1e9 })], {
        description:
          'when failed units end with exit code 2: true, any; false, none; from 1, so many; below 1, such a share of all. Fewer are left out, with a warning; --fail-on-error takes precedence; default: true',
      }),
    ),
    seed: Type.Integer({
      minimum: 0,
      maximum: 0xffffffff,
      default: 0,
      description: 'seed of every random draw',
    }),
    $schema: Type.Optional(Type.String()),
  },
  {
    additionalProperties: false,
    title: 'Run file',
    description: 'Which models, data sets, suites and gates.',
  },
);
export type RunFile = Static<typeof RunFile>;

/** A run file as read. */
export interface ReadRun {
  config: RunFile;
  file: string;
  /** Where its paths start. */
  directory: string;
  /** `name`, or the file's name without its endings. */
  title: string;
  /** Of what it says, gates and limits apart. */
  digest: string;
}

/** Reads and checks a run file. Errors: `file-unreadable`, also for paths outside of --confine; `config-invalid`. */
export async function readRunFile(file: string): Promise<ReadRun> {
  const extension = extname(file).toLowerCase();
  if (!['.yaml', '.yml', '.json'].includes(extension))
    throw new AssayError('config-invalid', 'this is not a run file', {
      file,
      expected: 'a .yaml or .json file',
      found: extension || 'no extension',
      hint: '`assay init` writes one to start from; `assay inspect` looks into checkpoints',
    });
  const value = await readConfigFile(file);
  const config = check(RunFile, value, { file, what: 'run file' });
  checkRules(config.gates, file);
  const directory = dirname(resolve(file));
  refuseOutside(config, { file, directory });
  return { config, file, directory, title: titleOf(config.name, file), digest: digestOfRunFile(value) };
}
