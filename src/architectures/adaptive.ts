/**
 * The matrix whose product with n values gives `size` means, over the intervals that PyTorch's adaptive pooling
 * uses: cell i covers floor(i n / size) to ceil((i + 1) n / size). Rows are cells, or columns if transposed.
 */
export function adaptiveMatrix(n: number, size: number, transposed = false): Float32Array {
  const matrix = new Float32Array(n * size);
  for (let i = 0; i < size; i++) {
    const start = Math.floor((i * n) / size);
    const end = Math.ceil(((i + 1) * n) / size);
    for (let j = start; j < end; j++) matrix[transposed ? j * size + i : i * n + j] = 1 / (end - start);
  }
  return matrix;
}
