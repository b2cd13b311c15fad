package invariant

// FaultLast is the last fault.
const FaultLast = SetIsHarmless
