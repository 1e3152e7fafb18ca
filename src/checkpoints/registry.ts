import { extname } from 'node:path';
import type { Weights } from '../architectures/weights.js';
import { readHead } from '../bytes/regular-file.js';
import { AssayError } from '../errors.js';
import { Registry } from '../registry.js';
import {
  type Checkpoint,
  type CheckpointFormat,
  type FileHead,
  headLength,
  type ReadRequest,
} from './checkpoint.js';
import { refuseFolder } from './folder.js';
import { keras } from './keras/format.js';
import { onnx } from './onnx.js';
import { jem, pytorch } from './pytorch/format.js';
import { safetensors } from './safetensors.js';
import { tfjs } from './tfjs/format.js';

/** Every format that comes with Assay. Content is tried in this order. */
export const checkpointFormats = Registry.of<CheckpointFormat>('checkpoint format', [
  safetensors,
  keras,
  pytorch,
  tfjs,
  onnx,
  jem,
]);

async function headOf(file: string): Promise<FileHead> {
  await refuseFolder(file);
  return { file, extension: extname(file).toLowerCase(), ...(await readHead(file, headLength)) };
}

/** By content; where that says nothing, by extension. */
function detect(head: FileHead, formats: Registry<CheckpointFormat>): CheckpointFormat {
  const rows = [...formats];
  const row =
    rows.find(({ recognises }) => recognises(head)) ??
    rows.find(({ extensions }) => extensions.includes(head.extension));
  if (row && head.size > 0) return row;
  throw new AssayError('file-malformed', 'the file is not a checkpoint of any known format', {
    file: head.file,
    expected: `one of ${rows.map(({ title }) => title).join(', ')}`,
    found: head.size === 0 ? 'an empty file' : undefined,
    hint: 'export the model as ONNX',
  });
}

async function rowOf(
  file: string,
  format: string | undefined,
  formats: Registry<CheckpointFormat> = checkpointFormats,
): Promise<{ head: FileHead; row: CheckpointFormat }> {
  const stated = format === undefined ? undefined : formats.named(format, { file });
  const head = await headOf(file);
  return { head, row: stated ?? detect(head, formats) };
}

/**
 * Reads a checkpoint into a graph.
 * @param format a name from the registry; default: told from the file
 * @param request what the card says of a file that holds only weights
 * Errors: `file-unreadable`, `file-malformed`, `model-invalid`, `unknown-name`; all name the file. For weights also
 * `shape-mismatch` and `config-invalid`.
 */
export async function readCheckpoint(
  file: string,
  format?: string,
  request: ReadRequest = {},
): Promise<Checkpoint> {
  const { head, row } = await rowOf(file, format, request.checkpointFormats);
  if (request.architecture && !row.readWeights)
    throw new AssayError(
      'config-invalid',
      'the checkpoint holds its own network, and the card names another',
      {
        file: request.card ?? file,
        path: 'architecture',
        expected: 'no such key: it is for files that hold only weights (PyTorch, safetensors)',
        found: `architecture: ${request.architecture.name}, for a checkpoint in the format ${row.title}`,
        hint: 'drop `architecture`',
      },
    );
  return row.read(head, request);
}

/**
 * The named tensors of a checkpoint that holds only weights; undefined for one with a network of its own.
 * Errors: `file-unreadable`, `file-malformed`, `unknown-name`.
 */
export async function readWeights(
  file: string,
  format?: string,
  formats?: Registry<CheckpointFormat>,
): Promise<Weights | undefined> {
  const { head, row } = await rowOf(file, format, formats);
  return row.readWeights?.(head);
}
