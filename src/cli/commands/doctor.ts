import { availableParallelism, cpus, freemem, totalmem } from 'node:os';
import { Command } from 'commander';
import { describeOrt } from '../../engines/ort/describe.js';
import { detectDevice } from '../../engines/ort/device-state.js';
import { accelerators } from '../../engines/ort/devices.js';
import { createEngine } from '../../engines/registry.js';
import { detectTfjsAddon } from '../../engines/tfjs-addon.js';
import { nativePackages } from '../../engines/tfjs-native/package.js';
import { AssayError } from '../../errors.js';
import { GraphBuilder } from '../../graph/build.js';
import { INSTALL_QUEUE, queuePackages } from '../../runs/bullmq/packages.js';
import { assayVersion } from '../../runs/folder/environment.js';
import { INSTALL_S3, s3Packages } from '../../runs/s3/packages.js';
import { print } from '../terminal/terminal.js';

interface Finding {
  what: string;
  /** `bad` means that runs fail; `absent` is something optional. */
  state: 'ok' | 'absent' | 'bad';
  found: string;
  hint?: string;
}

/** `assay doctor` */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description(
      'Prints versions, engines, threads and memory, and how to get what is missing. Ends with 2 when runs would fail.',
    )
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  $ assay doctor')
    .action(async ({ json }: { json?: boolean }) => {
      const findings = [
        ...machine(),
        await onnxruntime(),
        ...(await accelerated()),
        await tfjs(),
        await tensorflow(),
        queue(),
        s3(),
      ];
      print(json ? `${JSON.stringify(findings, null, 2)}\n` : `${findings.map(line).join('\n')}\n`);
      process.exitCode = findings.some(({ state }) => state === 'bad') ? 2 : 0;
    });
}

const marks = { ok: 'ok    ', absent: '-     ', bad: 'BAD   ' };

function line({ what, state, found, hint }: Finding): string {
  return `${marks[state]}${what.padEnd(14)}${found}${hint ? `\n${' '.repeat(20)}${hint}` : ''}`;
}

const OLDEST_NODE = [20, 19];

function machine(): Finding[] {
  const [major, minor] = process.versions.node.split('.').map(Number) as [number, number];
  const recent = major > OLDEST_NODE[0]! || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]!);
  const gib = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  const platform = `${process.platform} ${process.arch}`;
  return [
    { what: 'assay', state: 'ok', found: assayVersion() },
    {
      what: 'node',
      state: recent ? 'ok' : 'bad',
      found: `${process.version}, ${platform}`,
      ...(!recent && { hint: `install Node ${OLDEST_NODE.join('.')} or newer` }),
    },
    {
      what: 'cores',
      state: 'ok',
      found: `${availableParallelism()}: ${cpus()[0]?.model.trim() ?? 'unknown'}`,
    },
    { what: 'memory', state: 'ok', found: `${gib(freemem())} free of ${gib(totalmem())}` },
  ];
}

/** Loads the library and starts a session's worker. */
async function onnxruntime(): Promise<Finding> {
  try {
    const { version, providers, otherProviders, sessions, threads } = await describeOrt();
    const engine = await createEngine('ort', { sessions: 1 });
    await engine.close();
    const others = otherProviders.length > 0 ? `; could have ${otherProviders.join(', ')}` : '';
    const layout = `${sessions} session${sessions === 1 ? '' : 's'} of ${threads} thread${threads === 1 ? '' : 's'}`;
    return {
      what: 'onnxruntime',
      state: 'ok',
      found: `${version}: ${providers.join(', ')}${others}; ${layout}`,
    };
  } catch (error) {
    const hint = error instanceof AssayError ? error.details.hint : undefined;
    return {
      what: 'onnxruntime',
      state: 'bad',
      found: error instanceof Error ? error.message.split('\n')[0]! : String(error),
      hint:
        hint ?? 'reinstall with `npm install onnxruntime-node`; it has binaries for Linux, macOS and Windows',
    };
  }
}

/** What `--device` can be besides the processor, each tried in a process of its own. */
function accelerated(): Promise<Finding[]> {
  return Promise.all(
    Object.keys(accelerators).map(async (name): Promise<Finding> => {
      const state = await detectDevice(name);
      const what = `ort ${name}`;
      if (!state.usable)
        return { what, state: 'absent', found: `optional: ${state.reason}`, hint: state.hint };
      return {
        what,
        state: 'ok',
        found: `\`--device ${name}\` agrees with the processor to ${state.error.toExponential(1)}`,
      };
    }),
  );
}

/** Starts the engine on the device that runs would use, and computes with it. */
async function tfjs(): Promise<Finding> {
  const what = 'tfjs';
  try {
    const engine = await createEngine('tfjs', { sessions: 1 });
    try {
      const b = new GraphBuilder();
      b.outputAs(b.op('Neg', [b.input('x', 'float32', [1])]), 'y');
      const program = await engine.compile(b.build());
      await program.run({ x: { type: 'float32', dims: [1], data: Float32Array.of(1) } });
    } finally {
      await engine.close();
    }
    return { what, state: 'ok', found: engine.description };
  } catch (error) {
    const hint = error instanceof AssayError ? error.details.hint : undefined;
    return {
      what,
      state: 'absent',
      found: error instanceof Error ? error.message.split('\n')[0]! : String(error),
      hint: hint ?? 'runs use ort unless `--engine tfjs` is given',
    };
  }
}

/** The first native package that loads; when none does, what is wrong with the first. */
async function tensorflow(): Promise<Finding> {
  const states = await Promise.all(nativePackages.map((name) => detectTfjsAddon(name)));
  const state = states.find(({ loads }) => loads) ?? states[0]!;
  const what = 'tfjs addon';
  if (!state.loads) return { what, state: 'absent', found: `optional: ${state.reason}`, hint: state.hint };
  return {
    what,
    state: 'ok',
    found: `${state.package} ${state.version} with TensorFlow ${state.tensorflow} on the ${state.gpu ? 'GPU' : 'CPU'}; agrees with plain JavaScript to ${state.error.toExponential(1)}`,
  };
}

/** Whether runs can be spread by a queue; whether a server is there, `--queue` finds out. */
function queue(): Finding {
  const what = 'queue';
  const packages = queuePackages();
  if ('version' in packages)
    return { what, state: 'ok', found: `BullMQ ${packages.version}: \`--queue redis://...\`` };
  return {
    what,
    state: 'absent',
    found: `optional: no ${packages.missing.join(', no ')}`,
    hint: `for \`--queue\`: \`${INSTALL_QUEUE}\``,
  };
}

/** Whether units of a queue can go through a bucket; whether one is there, `--store` finds out. */
function s3(): Finding {
  const what = 's3';
  const packages = s3Packages();
  if ('version' in packages)
    return { what, state: 'ok', found: `AWS SDK ${packages.version}: \`--store s3://BUCKET\`` };
  return {
    what,
    state: 'absent',
    found: `optional: no ${packages.missing.join(', no ')}`,
    hint: `for \`--store s3://BUCKET\`: \`${INSTALL_S3}\``,
  };
}
