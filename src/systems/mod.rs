//! The systems that give documents their meaning: a folder each, with its format, its checks and its state machine.
