package invariant

import "github.com/martinelli-lang/martinelli/lang/types"

// JudgeWith judges with a planted fault.
func JudgeWith(typed *types.Typed, f Fault) *Judgement { return judgeWith(typed, f) }

// FaultLast is the last fault.
const FaultLast = SetIsHarmless
