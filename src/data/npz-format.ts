import { openFile } from '../bytes/byte-source.js';
import { AssayError, unknownName } from '../errors.js';
import { Closing } from './array-images.js';
import { namedImages } from './named-arrays.js';
import { openNpy } from './npy.js';
import { npzMembers } from './npz.js';
import type { DataFormat } from './source.js';

/** An archive without members begins with its end. */
const EMPTY_ZIP = 'PK\x05\x06';

/** NumPy archives: images and labels found by name. */
export const npz: DataFormat = {
  name: 'npz',
  title: 'NumPy archive (.npz)',
  recognises: ({ start }) => ['PK\x03\x04', EMPTY_ZIP].includes(Buffer.from(start).toString('latin1', 0, 4)),
  async open(spec) {
    const closing = new Closing();
    return closing.guard(async () => {
      const source = closing.add(await openFile(spec.path));
      const members = await npzMembers(source);
      const names = [...members.keys()];
      if (names.length === 0)
        throw new AssayError('file-malformed', 'the archive holds no NumPy arrays', {
          file: spec.path,
          expected: 'members such as images.npy',
          found: 'none',
          hint: "save it from Python: numpy.savez('data.npz', images=images, labels=labels)",
        });
      const openArray = async (name: string) => {
        const member = members.get(name);
        if (!member) throw unknownName('array', name, names, { file: spec.path });
        return openNpy(closing.add(await member.open()));
      };
      return namedImages(names, openArray, spec, closing);
    });
  },
};
