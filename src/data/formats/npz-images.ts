import { openFile } from '../../bytes/byte-source.js';
import { Closing } from '../../bytes/closing.js';
import { AssayError, unknownName } from '../../errors.js';
import { namedImages } from '../arrays/named-arrays.js';
import { openNpy } from '../arrays/npy.js';
import { npzMembers } from '../arrays/npz.js';
import type { ImageSource } from '../source.js';
import type { DatasetSpec } from '../spec.js';

/** Images and labels of a NumPy archive, found by name. Errors: `file-malformed`, `unknown-name`, `data-invalid`. */
export async function openNpz(spec: DatasetSpec): Promise<ImageSource> {
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
}
