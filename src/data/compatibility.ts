import type { Place } from '../bytes/byte-source.js';
import { AssayError } from '../errors.js';
import type { SystemInfo } from '../models/system.js';
import type { DatasetInfo } from './dataset.js';

type DatasetSide = Pick<DatasetInfo, 'name' | 'role' | 'shape' | 'path' | 'highestLabel' | 'classes'>;
type SystemSide = Pick<SystemInfo, 'name' | 'shape' | 'classes'>;

/**
 * Whether a system can be evaluated on a data set: images of its shape; for other sets than OOD also labels that
 * are classes of it, as many classes as it has, and names that both know at the same places. Names that only one
 * side knows say nothing: `car` may be `automobile`.
 * @param place where the two were brought together: the run file
 * Errors: `shape-mismatch`, `data-invalid`, with both sides.
 */
export function checkCompatible(dataset: DatasetSide, system: SystemSide, place?: Place): void {
  const at = place ?? { file: dataset.path };
  if (!isOfShape(dataset, system))
    throw otherShape(
      dataset,
      system,
      at,
      'give it data of that shape, or correct input.shape in the model card if the network is meant for these images',
    );
  if (dataset.role === 'ood' || system.classes.length === 0) return;
  checkClasses(dataset, system, at);
}

export const isOfShape = (dataset: Pick<DatasetSide, 'shape'>, system: Pick<SystemSide, 'shape'>): boolean =>
  dataset.shape.join() === system.shape.join();

export function otherShape(dataset: DatasetSide, system: SystemSide, at: Place, hint: string): AssayError {
  return new AssayError('shape-mismatch', `"${system.name}" cannot take the images of "${dataset.name}"`, {
    ...at,
    expected: `images of shape [${system.shape.join(', ')}] (channels, height, width), as its model card says`,
    found: `[${dataset.shape.join(', ')}] in ${dataset.path}`,
    hint,
  });
}

function checkClasses(dataset: DatasetSide, system: SystemSide, at: Place): void {
  const refuse = (message: string, details: { expected: string; found: string; hint: string }) =>
    new AssayError('data-invalid', message, { ...at, ...details });
  const count = system.classes.length;
  const { highestLabel, classes } = dataset;
  if (highestLabel && highestLabel.label >= count)
    throw new AssayError('data-invalid', `a label of "${dataset.name}" is no class of "${system.name}"`, {
      file: dataset.path,
      path: `example ${highestLabel.example}`,
      expected: `0 to ${count - 1}: the model card has ${count} classes`,
      found: String(highestLabel.label),
      hint: 'correct the labels, or `classes` in the model card; labels count from 0',
    });
  if (!classes) return;
  if (classes.length !== count)
    throw refuse(`"${dataset.name}" and "${system.name}" do not have the same classes`, {
      expected: `${count} classes, as in the model card`,
      found: `${classes.length} in ${dataset.path}`,
      hint: 'where names do not tell, labels are matched by number, and a missing class would shift the others: list the names of all classes in every model card, spelt as in the data; for images of other classes use `role: ood`',
    });
  const misplaced = classes.findIndex(
    (name, i) => name !== system.classes[i] && system.classes.includes(name),
  );
  if (misplaced < 0) return;
  throw refuse(`the classes of "${dataset.name}" are in another order than those of "${system.name}"`, {
    expected: `class ${misplaced} to be "${system.classes[misplaced]}"`,
    found: `"${classes[misplaced]}" (subfolders count in the order of their names)`,
    hint: 'labels are matched by number: rename the subfolders (00-cat, 01-dog) or save an .npz with the labels of the model',
  });
}
