// Formats of invites, for the story that holds them to what was frozen.

export { letIn, pack, unpack } from "../../../js/src/invite.ts";
export { Hand, hand, parcelMax, unwrap, wrap } from "../../../js/src/parcel.ts";
export { Guest } from "../../../js/src/guest.ts";
