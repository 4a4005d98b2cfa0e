//! The systems that give documents their meaning: a folder each, with its format, its checks and its state machine.
//! Nothing here simulates: a system decides, and the world does. Which worlds there are is not known here.

pub mod oci;
