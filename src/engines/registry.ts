import { unknownName } from '../errors.js';
import type { Engine } from './engine.js';
import type { OrtOptions } from './ort/engine.js';
import type { TfjsOptions } from './tfjs/engine.js';
import { requireTfjs } from './tfjs-packages.js';

export type EngineOptions = OrtOptions & TfjsOptions;

interface EngineRow {
  title: string;
  create(options: EngineOptions): Promise<Engine>;
}

/** Every engine by the name that `--engine` takes. Loaded when it is asked for: TensorFlow.js takes a second. */
const engines: Record<string, EngineRow> = {
  ort: {
    title: 'onnxruntime',
    create: async (options) => (await import('./ort/engine.js')).openOrtEngine(options),
  },
  tfjs: {
    title: 'TensorFlow.js',
    create: async (options) => {
      requireTfjs();
      return (await import('./tfjs/engine.js')).createTfjsEngine(options);
    },
  },
};

export const engineNames: readonly string[] = Object.keys(engines);

/** What computes, in a line: numbers of the same line belong together. */
export const engineLine = ({ name, description }: Engine): string => `${name}: ${description}`;

/** Starts an engine. Errors: `unknown-name`; `engine-failed` when its library does not load. */
export async function createEngine(name = 'ort', options: EngineOptions = {}): Promise<Engine> {
  if (!Object.hasOwn(engines, name)) throw unknownName('engine', name, engineNames);
  return engines[name]!.create(options);
}
