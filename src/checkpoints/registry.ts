import { open } from 'node:fs/promises';
import { extname } from 'node:path';
import { AssayError, unknownName } from '../errors.js';
import { type Checkpoint, type FileHead, type FormatRow, headLength } from './checkpoint.js';
import { pytorch, safetensors } from './foreign.js';
import { keras } from './keras/read.js';
import { onnx } from './onnx.js';
import { tfjs } from './tfjs/read.js';

/** Every format by the name that a model card's `format` takes. Content is tried in this order. */
const formats: Record<string, FormatRow> = { safetensors, keras, pytorch, tfjs, onnx };

export const formatNames: readonly string[] = Object.keys(formats);

async function headOf(file: string): Promise<FileHead> {
  try {
    const handle = await open(file, 'r');
    try {
      const stat = await handle.stat();
      if (!stat.isFile()) {
        throw new AssayError('file-unreadable', 'the checkpoint is not a file', {
          file,
          expected: 'one file, such as model.onnx',
          found: stat.isDirectory() ? 'a folder' : 'something else',
        });
      }
      const start = new Uint8Array(Math.min(headLength, stat.size));
      const { bytesRead } = await handle.read(start, 0, start.length, 0);
      const extension = extname(file).toLowerCase();
      return { file, extension, start: start.subarray(0, bytesRead), size: stat.size };
    } finally {
      await handle.close();
    }
  } catch (cause) {
    if (cause instanceof AssayError) throw cause;
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw new AssayError(
      'file-unreadable',
      missing ? 'there is no such checkpoint' : 'the checkpoint cannot be read',
      {
        file,
        found: missing ? undefined : String((cause as Error).message),
        hint: missing ? 'paths in a card or a run file start at its own folder' : 'check its permissions',
        cause,
      },
    );
  }
}

/** By content; where that says nothing, by extension. */
function detect(head: FileHead): FormatRow {
  const rows = Object.values(formats);
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

/**
 * Reads a checkpoint into a graph.
 * @param format a name from the registry; default: told from the file
 * Errors: `file-unreadable`, `file-malformed`, `model-invalid`, `unknown-name`; all name the file.
 */
export async function readCheckpoint(file: string, format?: string): Promise<Checkpoint> {
  if (format !== undefined && !Object.hasOwn(formats, format))
    throw unknownName('checkpoint format', format, formatNames, { file });
  const head = await headOf(file);
  return (format === undefined ? detect(head) : formats[format]).read(head);
}
