/** One of the numbers before the pixels. */
export interface LabelByte {
  offset: number;
  classes: number;
  /** File with a class name a line. */
  names: string;
}

export interface Variant {
  name: string;
  title: string;
  /** Label bytes before the pixels. */
  labelBytes: number;
  labels: Record<string, LabelByte>;
  parts: Record<'test' | 'train', readonly string[]>;
}

export const cifar10Variant: Variant = {
  name: 'cifar-10',
  title: 'CIFAR-10 (binary)',
  labelBytes: 1,
  labels: { fine: { offset: 0, classes: 10, names: 'batches.meta.txt' } },
  parts: { test: ['test_batch.bin'], train: [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`) },
};

export const cifar100Variant: Variant = {
  name: 'cifar-100',
  title: 'CIFAR-100 (binary)',
  labelBytes: 2,
  labels: {
    fine: { offset: 1, classes: 100, names: 'fine_label_names.txt' },
    coarse: { offset: 0, classes: 20, names: 'coarse_label_names.txt' },
  },
  parts: { test: ['test.bin'], train: ['train.bin'] },
};
