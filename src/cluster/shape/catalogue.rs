//! The catalogue. Figures are those of Oracle's documentation, Compute Shapes
//! (docs.oracle.com/en-us/iaas/Content/Compute/References/computeshapes.htm, read in its 2026 form; the P100, V100 and E3
//! shapes stand there as previous generations). An OCPU is one core with two threads on x86, one thread on Ampere A1
//! and NVIDIA Grace, two cores on Ampere A2.

use super::{Flexible, Gpus, Shape};

/// What a flexible shape has if a document does not say: one OCPU and 16 GiB, the ratio at which the console offers
/// AMD shapes. A choice of this catalogue.
const FLEXIBLE_DEFAULT: (u32, u64) = (1, 16);

const fn x86(name: &'static str, ocpus: u32, memory_gib: u64) -> Shape {
    Shape { name, ocpus, threads_per_ocpu: 2, memory_gib, gpus: None, flexible: None }
}

const fn arm(name: &'static str, ocpus: u32, memory_gib: u64) -> Shape {
    Shape { threads_per_ocpu: 1, ..x86(name, ocpus, memory_gib) }
}

/// With GPUs: their model, count, and memory of each in GiB.
const fn with(shape: Shape, model: &'static str, count: u32, memory_gib: u64) -> Shape {
    Shape { gpus: Some(Gpus { model, count, memory_gib }), ..shape }
}

/// Flexible: the most OCPUs, the most memory in GiB, threads an OCPU.
const fn flex(name: &'static str, ocpus_max: u32, memory_gib_max: u64, threads_per_ocpu: u32) -> Shape {
    let (ocpus, memory_gib) = FLEXIBLE_DEFAULT;
    let flexible = Some(Flexible { ocpus_max, memory_gib_max });
    Shape { threads_per_ocpu, flexible, ..x86(name, ocpus, memory_gib) }
}

/// Every shape that is known.
pub(super) const SHAPES: &[Shape] = &[
    with(x86("VM.GPU2.1", 12, 72), "P100", 1, 16),
    with(x86("BM.GPU2.2", 28, 192), "P100", 2, 16),
    with(x86("VM.GPU3.1", 6, 90), "V100", 1, 16),
    with(x86("VM.GPU3.2", 12, 180), "V100", 2, 16),
    with(x86("VM.GPU3.4", 24, 360), "V100", 4, 16),
    with(x86("BM.GPU3.8", 52, 768), "V100", 8, 16),
    with(x86("VM.GPU.A10.1", 15, 240), "A10", 1, 24),
    with(x86("VM.GPU.A10.2", 30, 480), "A10", 2, 24),
    with(x86("BM.GPU.A10.4", 64, 1024), "A10", 4, 24),
    with(x86("BM.GPU4.8", 64, 2048), "A100-40GB", 8, 40),
    with(x86("BM.GPU.A100-v2.8", 128, 2048), "A100-80GB", 8, 80),
    with(x86("BM.GPU.L40S.4", 112, 1024), "L40S", 4, 48),
    with(x86("BM.GPU.H100.8", 112, 2048), "H100", 8, 80),
    with(x86("BM.GPU.H200.8", 112, 3072), "H200", 8, 141),
    with(x86("BM.GPU.B200.8", 128, 4096), "B200", 8, 180),
    with(arm("BM.GPU.GB200.4", 144, 960), "GB200", 4, 192),
    with(arm("BM.GPU.GB300.4", 144, 960), "GB300", 4, 278),
    with(x86("BM.GPU.MI300X.8", 112, 2048), "MI300X", 8, 192),
    with(x86("BM.GPU.MI355X.8", 128, 3072), "MI355X", 8, 288),
    flex("VM.Standard3.Flex", 32, 512, 2),
    flex("VM.Standard.E3.Flex", 64, 1024, 2),
    flex("VM.Standard.E4.Flex", 64, 1024, 2),
    flex("VM.Standard.E5.Flex", 126, 1049, 2),
    flex("VM.Standard.E6.Flex", 126, 1454, 2),
    flex("VM.Standard.A1.Flex", 76, 472, 1),
    flex("VM.Standard.A2.Flex", 78, 946, 2),
    flex("VM.Optimized3.Flex", 18, 256, 2),
    x86("BM.Standard3.64", 64, 1024),
    x86("BM.Standard.E3.128", 128, 2048),
    x86("BM.Standard.E4.128", 128, 2048),
    x86("BM.Standard.E5.192", 192, 2304),
    x86("BM.Standard.E6.256", 256, 3072),
    arm("BM.Standard.A1.160", 160, 1024),
    x86("BM.DenseIO.E4.128", 128, 2048),
    x86("BM.DenseIO.E5.128", 128, 1536),
    x86("BM.Optimized3.36", 36, 512),
];
