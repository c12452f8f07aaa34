"""What the environment can set, in one table: `neuroedge` shows it."""

__all__ = ["VARIABLES"]

VARIABLES = {
    "NEUROEDGE_THREADS": "threads of a run and of training (default: what is fastest)",
    "NEUROEDGE_SIMD": "instructions of the native core: portable, avx2, avx512, neon",
    "NEUROEDGE_LIBRARY": "another native core than the one that came with the package",
    "NEUROEDGE_BOARD_ROOT": "a folder to read a board's files from, in place of /",
    "NEUROEDGE_UPS": "a battery board, as ina219@1:0x42,shunt=0.1",
    "NEUROEDGE_NO_PROGRESS": "anything: no progress bars",
}
