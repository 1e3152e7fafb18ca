import { rmSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { temporaryFolder } from '../bytes/leftovers.js';
import type { Graph } from '../graph/graph.js';

/** A graph as ONNX, where the threads and processes of a pool find it: in memory that they share, or in a file. */
export type HeldModel = SharedArrayBuffer | ModelFile;

/** A model whose large weights lie beside it: a library maps them into memory and copies what it packs, once. */
export interface ModelFile {
  file: string;
  /** With the weights. */
  byteLength: number;
}

/** A model for a pool, and how to let go of it. */
export interface Holding {
  model: HeldModel;
  release(): Promise<void>;
}

/**
 * Smaller ones are kept in memory, and sent to guarded processes by their channel. A large one would be there twice more
 * for every thread, and four times while it goes through a channel.
 */
const LARGE = 16 * 2 ** 20;

/** The file of weights beside a model. */
const WEIGHTS = 'weights.bin';

const nothing = async () => undefined;

/** Hears of what takes more than it need to; a line each, which may come again. */
export type Notice = (text: string) => void;

/**
 * Writes a graph for a pool. Where there is no room for a file, a large one is kept in memory as well.
 * @param notice hears of that
 */
export async function holdModel(graph: Graph, notice: Notice = () => undefined): Promise<Holding> {
  // Loaded with the first program: a finished run makes none.
  const { lengthOf, onnxParts, placeParts } = await import('../graph/write.js');
  const parts = onnxParts(graph);
  const byteLength = lengthOf(parts);
  if (byteLength > LARGE) {
    const held = await inFile(graph, byteLength, notice).catch(({ message }: Error) => message);
    if (typeof held !== 'string') return held;
    notice(
      `networks of more than ${LARGE / 2 ** 20} MiB are kept in memory, and again for every session, since no temporary file can be written (${held}): set TMPDIR to a folder with room for them`,
    );
  }
  const model = new SharedArrayBuffer(byteLength);
  placeParts(parts, new Uint8Array(model));
  return { model, release: nothing };
}

/** Folders that are in use. A process that ends early leaves none; of one that is killed, the next to start removes them. */
const folders = new Set<string>();
const removeAll = () => {
  for (const folder of folders)
    try {
      rmSync(folder, { recursive: true, force: true, maxRetries: 2 });
    } catch {
      // The next process to start tries again.
    }
};

async function inFile(graph: Graph, byteLength: number, notice: Notice): Promise<Holding> {
  const folder = await temporaryFolder('assay-model');
  if (folders.size === 0) process.once('exit', removeAll);
  folders.add(folder);
  const release = async () => {
    try {
      // Windows removes no file that is mapped into memory: its session is about to let go of it.
      await rm(folder, { recursive: true, force: true, maxRetries: 10 });
    } catch (error) {
      notice(
        `a temporary folder could not be removed, and stays until the next command starts: ${folder} (${(error as Error).message})`,
      );
      return;
    }
    folders.delete(folder);
    if (folders.size === 0) process.off('exit', removeAll);
  };
  try {
    const { onnxParts } = await import('../graph/write.js');
    const { weightsBeside } = await import('../graph/weights-beside.js');
    const beside = weightsBeside(graph, WEIGHTS);
    const file = join(folder, 'model.onnx');
    const write = (to: string, parts: Uint8Array[]) => writeFile(to, parts, { flag: 'wx', mode: 0o600 });
    await write(join(folder, WEIGHTS), beside.parts);
    await write(file, onnxParts(graph, beside.outside));
    return { model: { file, byteLength }, release };
  } catch (error) {
    await release();
    throw error;
  }
}

export const isFile = (model: HeldModel): model is ModelFile => 'file' in model;

/** The file of its weights. */
export const weightsOf = ({ file }: ModelFile): string => join(dirname(file), WEIGHTS);

/** The bytes of one in memory, in memory of the caller's own: libraries refuse what is shared between threads. */
export const bytesOf = (model: SharedArrayBuffer): Uint8Array => new Uint8Array(model).slice();
