/*
 * Where the numbers of a data set lie. An HDF5 file may name other files for them; the library opens those without a
 * word, and takes zeros for what it does not find in them. h5wasm tells of virtual data sets but not of these, so the
 * object header is read here (HDF5 File Format Specification 3.0: II.A superblock, III.D local heap, IV.A object
 * headers, IV.A.2.h external files).
 */

const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];

const EXTERNAL_FILES = 0x07;
const CONTINUATION = 0x10;

/** Of the flags of an object header of version 2. */
const ORDERED = 0x04;
const PHASES = 0x10;
const TIMES = 0x20;

/** The bytes of a file, with numbers as wide as its superblock says. Reading beyond the end is a RangeError. */
class Hdf5Bytes {
  private readonly view: DataView;
  readonly offsetBytes: number;
  readonly lengthBytes: number;

  constructor(private readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    // Addresses count from the signature, which may lie further on.
    if (!SIGNATURE.every((byte, i) => bytes[i] === byte)) throw new RangeError('no signature');
    const widths = this.uint(8, 1) < 2 ? 13 : 9;
    this.offsetBytes = this.uint(widths, 1);
    this.lengthBytes = this.uint(widths + 1, 1);
  }

  uint(at: number, width: number): number {
    let value = 0;
    for (let i = width - 1; i >= 0; i--) value = 256 * value + this.view.getUint8(at + i);
    return value;
  }

  offset(at: number): number {
    return this.uint(at, this.offsetBytes);
  }

  length(at: number): number {
    return this.uint(at, this.lengthBytes);
  }

  startsWith(at: number, text: string): boolean {
    return [...text].every((letter, i) => this.uint(at + i, 1) === letter.charCodeAt(0));
  }

  /** Up to a zero byte, and no longer than names are. */
  text(at: number): string {
    const longest = this.bytes.subarray(at, at + 1024);
    const end = longest.indexOf(0);
    if (end < 0) throw new RangeError('a name without an end');
    return new TextDecoder().decode(longest.slice(0, end));
  }
}

/** Messages that follow one another in a file. */
interface Block {
  start: number;
  end: number;
}

/** How an object header of either version keeps its messages. */
interface Layout {
  first: Block;
  /** Of the type and of what stands before the content, in bytes. */
  typeBytes: number;
  headBytes: number;
  /** The messages in a block elsewhere. */
  inside(block: Block): Block;
}

function layoutOf(file: Hdf5Bytes, at: number): Layout {
  if (file.startsWith(at, 'OHDR')) {
    const flags = file.uint(at + 5, 1);
    const sizeAt = at + 6 + (flags & TIMES ? 16 : 0) + (flags & PHASES ? 4 : 0);
    const sizeBytes = 1 << (flags & 3);
    const start = sizeAt + sizeBytes;
    return {
      first: { start, end: start + file.uint(sizeAt, sizeBytes) },
      typeBytes: 1,
      headBytes: flags & ORDERED ? 6 : 4,
      // Between a signature (OCHK) and a checksum.
      inside: ({ start, end }) => ({ start: start + 4, end: end - 4 }),
    };
  }
  if (file.uint(at, 1) !== 1) throw new RangeError('no object header');
  const start = at + 16;
  return {
    first: { start, end: start + file.uint(at + 8, 4) },
    typeBytes: 2,
    headBytes: 8,
    inside: (block) => block,
  };
}

/** Where the contents of the messages of one type begin. */
function messagesOf(file: Hdf5Bytes, header: number, kind: number): number[] {
  const { first, typeBytes, headBytes, inside } = layoutOf(file, header);
  const messages: number[] = [];
  const blocks = [first];
  const seen = new Set<number>();
  for (let block = blocks.pop(); block; block = blocks.pop()) {
    if (seen.has(block.start)) continue;
    seen.add(block.start);
    for (let at = block.start; at + headBytes <= block.end; ) {
      const type = file.uint(at, typeBytes);
      const content = at + headBytes;
      if (type === kind) messages.push(content);
      if (type === CONTINUATION) {
        const start = file.offset(content);
        blocks.push(inside({ start, end: start + file.length(content + file.offsetBytes) }));
      }
      at = content + file.uint(at + typeBytes, 2);
    }
  }
  return messages;
}

/** Names that are told of one data set: it may have thousands. */
const TOLD = 3;

/**
 * The first files that hold the numbers of a data set; undefined when the file itself does.
 * @param bytes the whole file
 * @param header address of the data set's object header
 * Errors: RangeError for a header that makes no sense.
 */
export function externalFiles(bytes: Uint8Array, header: number): string[] | undefined {
  const file = new Hdf5Bytes(bytes);
  const messages = messagesOf(file, header, EXTERNAL_FILES);
  if (messages.length === 0) return undefined;
  return messages.flatMap((message) => {
    const names = heapData(file, file.offset(message + 8));
    const slots = message + 8 + file.offsetBytes;
    const used = Math.min(file.uint(message + 6, 2), TOLD);
    return Array.from({ length: used }, (_, i) =>
      file.text(names + file.length(slots + 3 * i * file.lengthBytes)),
    );
  });
}

/** Where the data of a local heap begin. */
function heapData(file: Hdf5Bytes, at: number): number {
  if (!file.startsWith(at, 'HEAP')) throw new RangeError('no local heap');
  return file.offset(at + 8 + 2 * file.lengthBytes);
}
