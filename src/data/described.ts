import { AssayError } from '../errors.js';
import type { Dataset, DatasetInfo } from './dataset.js';
import { placeText } from './located.js';
import type { DatasetOptions } from './open.js';
import type { DatasetEntry } from './spec.js';

/**
 * A data set that is known already: it was looked through, and its files are the same. It is opened when examples are
 * first read. Errors of reading: as `openDataset`; `data-invalid` when it is another one by now.
 */
export function describedDataset(info: DatasetInfo, spec: DatasetEntry, options: DatasetOptions): Dataset {
  const opened = async () => {
    // Decoders take a while to load.
    const { openSource } = await import('./open.js');
    const images = await openSource(spec, { ...options, name: info.name });
    const { source, selection } = images;
    if (selection.indices.length === info.size && source.shape.join() === info.shape.join()) return images;
    await source.close();
    throw new AssayError('data-invalid', `the data set "${info.name}" has changed since the run began`, {
      file: placeText(spec),
      expected: `${info.size} examples of shape [${info.shape.join(', ')}]`,
      found: `${selection.indices.length} of shape [${source.shape.join(', ')}]`,
      hint: 'run again once nothing is writing to it',
    });
  };
  let opening: ReturnType<typeof opened> | undefined;
  return {
    info,
    read: async (start, end) => {
      opening ??= opened();
      return (await opening).read(start, end);
    },
    close: async () => {
      const images = await opening?.catch(() => undefined);
      await images?.source.close();
    },
  };
}
