/**
 * What the launcher of the standalone executable sets. A run is over before what the engine compiles for speed pays for itself: that
 * took a quarter of the processor's time. Long work (unpacking a kernel) is still compiled, ten times later.
 */
export const JIT = 'BUN_JSC_thresholdForJITAfterWarmUp=5000 BUN_JSC_thresholdForOptimizeAfterWarmUp=50000';
