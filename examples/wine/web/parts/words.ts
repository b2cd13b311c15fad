// Words for people: of refusals, of money and of time.

const words: Record<string, string> = {
  sold_out: "Sold out. Nothing was bought.",
  unreachable: "No server can be reached. Nothing was bought.",
  home_away: "No server can be reached. Nothing was done.",
  forbidden: "That cellar is not yours to change.",
  not_held: "You are not among the friends who see that cellar.",
  nothing: "That is no bottle at all.",
  size: "That picture is too large.",
  storage_full: "This device's storage is full.",
  busy: "Too much at once. Try again in a moment.",
};

export const said = (why: string) => words[why] ?? `Refused: ${why.replace(/_/g, " ")}.`;

const money = new Intl.NumberFormat("en-IE", { style: "currency", currency: "EUR" });
export const price = (cents: number) => money.format(cents / 100);

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", hour: "2-digit", minute: "2-digit" });
export const time = (t: Date) => clock.format(t);
export const date = (ms: number) => day.format(new Date(ms));

export const many = (n: number, one: string, more = one + "s") => `${n} ${n === 1 ? one : more}`;
export const percent = (x: number) => `${Math.round(100 * x)} %`;
