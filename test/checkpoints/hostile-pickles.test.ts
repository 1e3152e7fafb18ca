import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readCheckpoint, readWeights } from '../../src/checkpoints/registry.js';
import { AssayError } from '../../src/errors.js';
import { watchGrowth } from '../memory.js';
import {
  call,
  dict,
  float32,
  global,
  integer,
  op,
  stateDict,
  tensor,
  text,
  torchLegacy,
  torchZip,
  tuple,
  whole,
} from './torch-writer.js';

const folder = mkdtempSync(join(tmpdir(), 'assay-pickles-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const weight = float32([2, 4], [1, 2, 3, 4, 5, 6, 7, 8]);
const tensors = { 'fc.weight': weight };
/** A good state dict with something else beside it. */
const beside = (other: Buffer) => dict(['state_dict', stateDict(tensors)], ['other', other]);

function save(bytes: Uint8Array, name = 'hostile.pt'): string {
  const file = join(folder, name);
  writeFileSync(file, bytes);
  return file;
}

async function refusal(file: string): Promise<AssayError> {
  const error = await readWeights(file).then(
    () => 'it was read',
    (e: unknown) => e,
  );
  if (!(error instanceof AssayError)) throw error;
  return error;
}

const repeat = (n: number, ...parts: Buffer[]) =>
  Buffer.concat(Array.from({ length: n }, () => parts).flat());
const u32 = (n: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(n);
  return bytes;
};
const u64 = (n: bigint) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(n);
  return bytes;
};
const marker = join(folder, 'executed');

describe('a pickle that wants to run code', () => {
  const calls: [what: string, root: Buffer, names: string][] = [
    ['os.system', call(global('os.system'), text(`touch ${marker}`)), 'os.system'],
    ['posix.system', call(global('posix.system'), text(`touch ${marker}`)), 'posix.system'],
    ['subprocess.Popen', call(global('subprocess.Popen'), text('sh')), 'subprocess.Popen'],
    ['builtins.eval', call(global('builtins.eval'), text('1')), 'builtins.eval'],
    ['builtins.exec under its old name', call(global('__builtin__.exec'), text('1')), 'builtins.exec'],
    [
      'builtins.getattr',
      call(global('builtins.getattr'), global('collections.OrderedDict'), text('x')),
      'builtins.getattr',
    ],
    ['torch.load', call(global('torch.load'), text('other.pt')), 'torch.load'],
    ['torch.hub.load', call(global('torch.hub.load'), text('a/b')), 'torch.hub.load'],
    [
      'a call inside a call',
      call(
        global('torch._utils._rebuild_parameter'),
        call(global('os.system'), text('id')),
        op(0x89),
        op(0x4e),
      ),
      'os.system',
    ],
    [
      'a call in the state of an object',
      Buffer.concat([
        call(global('collections.OrderedDict')),
        call(global('nt.system'), text('id')),
        op(0x62),
      ]),
      'nt.system',
    ],
    [
      'a call behind a subclass of Tensor',
      call(
        global('torch._tensor._rebuild_from_type_v2'),
        global('os.system'),
        global('torch.Tensor'),
        tuple(text('id')),
        op(0x4e),
      ),
      'os.system',
    ],
    [
      'a name from the stack',
      Buffer.concat([text('os'), text('system'), op(0x93), tuple(text('id')), op(0x52)]),
      'os.system',
    ],
    [
      'an instance of an old class',
      Buffer.concat([op(0x28), text('id'), Buffer.from('ios\nsystem\n')]),
      'os.system',
    ],
    [
      'an object from a mark',
      Buffer.concat([op(0x28), global('os.system'), text('id'), op(0x6f)]),
      'os.system',
    ],
  ];
  for (const [place, write] of [
    ['zip', (root: Buffer) => torchZip(tensors, { root: beside(root) })],
    ['legacy', (root: Buffer) => torchLegacy(tensors, beside(root))],
  ] as const)
    it.each(calls)(`%s is refused by name, and nothing runs (${place})`, async (_, root, name) => {
      const error = await refusal(save(write(root)));
      expect(error.code).toBe('file-malformed');
      expect(error.explain()).toContain(name);
      expect(error.details.hint).toMatch(/nothing was executed/);
    });

  it.each([
    ['functions that may be named but not called', call(global('torch.float32'), text('x'))],
    ['strings', call(text('os.system'), text('x'))],
    ['tensors', call(tensor(weight, '0'), text('x'))],
  ])('%s are not called', async (_, root) => {
    expect(await refusal(save(torchZip(tensors, { root: beside(root) })))).toMatchObject({
      code: 'file-malformed',
    });
  });
});

describe('a whole pickled model', () => {
  const models: [what: string, bytes: Buffer][] = [
    ['as the root', torchZip(tensors, { root: call(global('__main__.Net')) })],
    ['of torchvision', torchZip(tensors, { root: call(global('torchvision.models.resnet.ResNet')) })],
    ['under a key', torchZip(tensors, { root: dict(['net', call(global('models.wideresnet.WideResNet'))]) })],
    ['of layers', torchLegacy(tensors, call(global('torch.nn.modules.container.Sequential')))],
    [
      'with its source',
      torchLegacy(
        tensors,
        Buffer.concat([
          tuple(text('module'), global('torch.float32'), text('net.py'), text('code')),
          op(0x51),
        ]),
      ),
    ],
  ];
  it.each(models)('%s is refused, with how to export it', async (_, bytes) => {
    const error = await refusal(save(bytes));
    expect(error.code).toBe('file-malformed');
    expect(error.details.hint).toMatch(/state_dict\(\).*onnx/s);
  });

  it('as a TorchScript program is refused', async () => {
    const bytes = torchZip(tensors, { members: { 'net/constants.pkl': new Uint8Array(4) } });
    expect((await refusal(save(bytes))).explain()).toMatch(/TorchScript[\s\S]*state_dict/);
  });
});

describe('settings beside the weights', () => {
  it.each([
    [
      'argparse.Namespace',
      Buffer.concat([call(global('argparse.Namespace')), dict(['lr', integer(1)]), op(0x62)]),
    ],
    [
      'a NumPy scalar',
      call(
        global('numpy.core.multiarray.scalar'),
        call(global('numpy.dtype'), text('f8')),
        Buffer.from([0x43, 8, 0, 0, 0, 0, 0, 0, 0, 0]),
      ),
    ],
    ['a path', call(global('pathlib.PosixPath'), text('/etc/passwd'))],
    ['a default dict', call(global('collections.defaultdict'), global('builtins.list'))],
    ['a device and a dtype', tuple(call(global('torch.device'), text('cpu')), global('torch.float16'))],
    ['a list that holds itself', Buffer.concat([op(0x5d, 0x71, 9, 0x68, 9, 0x61)])],
  ])('%s are carried along unread', async (_, other) => {
    const weights = await readWeights(save(torchZip(tensors, { root: beside(other) })));
    expect(weights?.tensors.get('fc.weight')?.data).toEqual(Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8));
  });
});

describe('a pickle made to exhaust the reader', () => {
  // Each level refers to the one below ten times: 10^60 items if it were written out.
  const bomb = Buffer.concat([
    op(0x5d, 0x71, 0),
    ...Array.from({ length: 60 }, (_, i) =>
      Buffer.concat([op(0x5d, 0x28), repeat(10, op(0x68, i)), op(0x65, 0x71, i + 1)]),
    ),
  ]);
  const cases: [what: string, bytes: Buffer, says: RegExp | undefined][] = [
    ['references that double and double', torchZip(tensors, { root: beside(bomb) }), undefined],
    [
      'references that double, as keys of the storages',
      Buffer.concat([
        torchLegacy({}, dict()).subarray(0, -whole(Buffer.concat([op(0x5d, 0x28), op(0x65)])).length),
        whole(bomb),
      ]),
      /weights|storage/,
    ],
    [
      'lists a hundred thousand deep',
      torchZip(tensors, {
        root: beside(Buffer.concat([repeat(100_000, op(0x5d)), repeat(99_999, op(0x61))])),
      }),
      undefined,
    ],
    ['dicts that never end', torchZip(tensors, { root: repeat(1_100_000, op(0x7d)) }), /too long/],
    ['marks that never end', torchZip(tensors, { root: repeat(1_100_000, op(0x28)) }), /too long/],
    [
      'a string of 4 GiB',
      torchZip(tensors, { root: Buffer.concat([op(0x58), u32(0xffffffff)]) }),
      /4294967295 bytes wanted/,
    ],
    [
      'a string of 2^63 bytes',
      torchZip(tensors, { root: Buffer.concat([op(0x8d), u64(2n ** 63n)]) }),
      /length of 9223372036854775808/,
    ],
    ['bytes of 2^40', torchZip(tensors, { root: Buffer.concat([op(0x8e), u64(2n ** 40n)]) }), /bytes wanted/],
    [
      'an integer of 2 GiB',
      torchZip(tensors, { root: Buffer.concat([op(0x8b), u32(0x7fffffff)]) }),
      /integer of/,
    ],
    [
      'a far place in the memo',
      torchZip(tensors, { root: Buffer.concat([beside(integer(1)), op(0x72), u32(0xfffffffe)]) }),
      undefined,
    ],
    [
      'a reference to nothing',
      torchZip(tensors, { root: Buffer.concat([op(0x6a), u32(0xfffffffe)]) }),
      /is not there/,
    ],
    [
      'a storage of 2^60 numbers',
      torchZip(tensors, { root: dict(['fc.weight', huge(2 ** 50, 2 ** 50)]) }),
      /numbers are missing/,
    ],
    [
      'a view beyond its storage',
      torchZip(tensors, { root: dict(['fc.weight', huge(8, 9)]) }),
      /outside its storage/,
    ],
    [
      'a shape that overflows',
      torchZip(tensors, { root: dict(['fc.weight', huge(8, 2 ** 40, 2 ** 40)]) }),
      /outside its storage/,
    ],
    [
      'one number repeated 2^30 times',
      torchZip({ 'fc.weight': { ...weight, dims: [2 ** 15, 2 ** 15], strides: [0, 0] } }),
      /much larger than the file/,
    ],
    ['an extension code', torchZip(tensors, { root: op(0x82, 1) }), /extensions/],
    ['a buffer from outside', torchZip(tensors, { root: op(0x97) }), /outside the pickle/],
    ['an unknown operation', torchZip(tensors, { root: op(0xff) }), /unknown operation 0xff/],
    ['an empty stack', torchZip(tensors, { root: op(0x52) }), /operation on nothing/],
    ['a name of a megabyte', torchZip(tensors, { root: global(`a.${'b'.repeat(1 << 20)}`) }), /too long/],
    ['a protocol of the future', torchZip(tensors, { root: op(0x80, 9) }), /protocol 9/],
    ['no pickle at all', torchZip(tensors, { root: Buffer.alloc(0) }), /damaged/],
    ['a list of numbers', torchZip(tensors, { root: op(0x5d) }), /no weights/],
  ];

  /** A tensor that claims another storage and shape than are there. */
  function huge(elements: number, ...dims: number[]): Buffer {
    const id = tuple(
      text('storage'),
      global('torch.FloatStorage'),
      text('0'),
      text('cpu'),
      integer(elements),
    );
    return call(
      global('torch._utils._rebuild_tensor_v2'),
      Buffer.concat([id, op(0x51)]),
      integer(0),
      tuple(...dims.map(integer)),
      tuple(...dims.map((_, i) => integer(i === dims.length - 1 ? 1 : 0))),
      op(0x89),
      op(0x4e),
    );
  }

  it.each(cases)('%s', async (_, bytes, says) => {
    const file = save(bytes);
    const [start, growth] = [process.cpuUsage(), watchGrowth()];
    if (says) expect((await refusal(file)).explain()).toMatch(says);
    else expect((await readWeights(file))?.tensors.size).toBe(1);
    // The bounds that the fuzzing has: five seconds of work, and four times the file and 256 MiB.
    const { user, system } = process.cpuUsage(start);
    expect(user + system).toBeLessThan(5e6);
    expect(growth()).toBeLessThan(4 * bytes.length + 256 * 2 ** 20);
  });

  it('cut off anywhere is refused', async () => {
    const bytes = torchLegacy(tensors);
    for (let end = 1; end < bytes.length; end += 7)
      expect((await refusal(save(bytes.subarray(0, end), 'cut.pt'))).code).toBe('file-malformed');
  });
});

it('is no use as a checkpoint when it is another pickle', async () => {
  const error = await readCheckpoint(save(whole(dict(['a', integer(1)])), 'data.pkl')).catch((e) => e);
  expect(error).toMatchObject({
    code: 'file-malformed',
    message: expect.stringMatching(/not one that torch.save wrote/),
  });
});
