import type { Graph } from '../../graph/graph.js';
import { webgpuFaults } from './webgpu-faults.js';

/** Where onnxruntime computes besides the processor. */
export interface DeviceRow {
  title: string;
  /** Files that the package lacks as installed, which its own script fetches. */
  libraries: readonly string[];
  /** What the libraries must find in the environment before they are loaded. */
  environment: Readonly<Record<string, string>>;
  /** Nodes that the device gets wrong, by name: the processor computes them. */
  faults(graph: Graph): string[];
  /** Why it is not to be had, by what was said of it. The first row that matches explains it. */
  failures: readonly Failure[];
}

export interface Failure {
  said: RegExp;
  reason(match: RegExpExecArray): string;
  hint: string;
}

const vulkan: Partial<Record<NodeJS.Platform, string>> = {
  linux:
    "install the Vulkan loader and your GPU's driver (Debian, Ubuntu: `apt-get install libvulkan1 mesa-vulkan-drivers`, or NVIDIA's own driver); `vulkaninfo --summary` must list the GPU",
  win32: "install your GPU's driver: it needs Direct3D 12",
};

const cudaLibraries =
  'install CUDA 12 and cuDNN 9 and put the folders of their libraries on LD_LIBRARY_PATH; `nvidia-smi` must list the GPU';

/** Every accelerator by the name that `--device` takes. */
export const accelerators: Readonly<Record<string, DeviceRow>> = {
  webgpu: {
    title: 'WebGPU',
    libraries: [],
    environment: {},
    faults: webgpuFaults,
    failures: [
      {
        said: /Failed to get a WebGPU (?:adapter|device)/,
        reason: () => 'there is no GPU here that WebGPU can use',
        hint: vulkan[process.platform] ?? 'it needs a GPU with Metal',
      },
    ],
  },
  cuda: {
    title: 'CUDA',
    libraries: ['libonnxruntime_providers_shared.so', 'libonnxruntime_providers_cuda.so'],
    // Otherwise products are rounded to 10 bits on Ampere and newer.
    environment: { NVIDIA_TF32_OVERRIDE: '0' },
    faults: () => [],
    failures: [
      {
        said: /(lib[\w+-]+\.so[.\d]*): cannot open shared object/,
        reason: ([, library]) => `CUDA's provider does not find ${library}`,
        hint: cudaLibraries,
      },
      {
        said: /no CUDA-capable device|CUDA driver version is insufficient|cudaErrorNoDevice/,
        reason: ([words]) => `CUDA finds no GPU: ${words}`,
        hint: 'install a recent NVIDIA driver; `nvidia-smi` must list the GPU',
      },
    ],
  },
};

/** What `--device` takes. */
export const deviceNames: readonly string[] = ['cpu', ...Object.keys(accelerators)];
