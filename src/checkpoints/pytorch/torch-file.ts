import type { ByteSource } from '../../bytes/byte-source.js';
import type { Storage } from './tensor.js';

/** A file of torch.save, open: what its pickle holds, and access to its numbers. */
export interface TorchFile {
  /** See values.ts. */
  value: unknown;
  bigEndian: boolean;
  /** The bytes of a storage. Errors: `file-malformed` when the file has not so many. */
  read(storage: Storage): Promise<Uint8Array>;
  /** The same bytes, to be read by ranges while the file stays open. */
  open(storage: Storage): Promise<ByteSource>;
}
