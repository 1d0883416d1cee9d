import type { EndedLife as EndedLifeValue } from './history/endings.ts';
import type { PastTree as PastTreeValue } from './history/past.ts';
import type { Finding as FindingValue } from './judge/finding.ts';
import type { Judgement as JudgementValue } from './judge/judge.ts';
import type {
  Change as ChangeValue,
  MergedChange as MergedChangeValue,
  ToldHour as ToldHourValue,
} from './live/change.ts';
import type { ToldCrashes as ToldCrashesValue } from './live/crashes.ts';
import type { LastMessage as LastMessageValue } from './live/last-messages.ts';
import type { Links as LinksValue } from './live/links.ts';
import type { Figures as FiguresValue } from './live/numbers.ts';
import type { ProcessPage as ProcessPageValue, Other as OtherValue } from './live/process.ts';
import type { Hello as HelloValue, Vitals as VitalsValue } from './live/told.ts';
import type { TreeRow as TreeRowValue } from './live/tree-rows.ts';
import type { Look as LookValue } from './look/looker.ts';
import type { StreamLook as StreamLookValue } from './look/stream-look.ts';
import type { CrashReport as CrashReportValue } from './recording/crash-book.ts';
import type {
  RecordedStream as RecordedStreamValue,
  StreamPhase as StreamPhaseValue,
} from './recording/stream-recorder.ts';

/** A value as JSON has it: a property that is `undefined` is absent. */
type Json<Value> = Value extends readonly unknown[]
  ? { readonly [Key in keyof Value]: Json<Value[Key]> }
  : Value extends object
    ? { readonly [Key in Exclude<keyof Value, OptionalKey<Value>>]: Json<Value[Key]> } & {
        readonly [Key in OptionalKey<Value>]?: Json<Exclude<Value[Key], undefined>>;
      }
    : Value;

type OptionalKey<Value> = {
  [Key in keyof Value]-?: undefined extends Value[Key] ? Key : never;
}[keyof Value];

/** The event `hello` of `api/live`. */
export type Hello = Json<HelloValue>;
/** The event `vitals`. */
export type Vitals = Json<VitalsValue>;
/** An item of the events `snapshot` and `changes`, and of `rows` in `api/tree`. */
export type TreeRow = Json<TreeRowValue>;
/** An item of the event `rows`. */
export type Figures = FiguresValue;
/** The event `findings`. */
export type Judgement = Json<JudgementValue>;
export type Finding = Json<FindingValue>;
/** `api/overview`. */
export type Overview = Judgement & { readonly look: Json<LookValue> };
/** The event `hour`. */
export type ToldHour = Json<ToldHourValue>;
/** An item of `latest` in the event `hour`. */
export type MergedChange = Json<MergedChangeValue>;
/** An item of `api/changes`. */
export type Change = Json<ChangeValue>;
/** An item of the event `streams`. */
export type Stream = Json<StreamLookValue>;
/** An item of `api/streams`: a stream in the last hour. */
export type Lane = Json<RecordedStreamValue>;
export type Phase = Json<StreamPhaseValue>;
/** An item of `api/crashes`. */
export type CrashGroup = Json<ToldCrashesValue>;
export type CrashReport = Json<CrashReportValue>;
/** An item of `api/at`: the tree at a time of the last hour. */
export type PastTree = Json<PastTreeValue>;
/** `api/process/PID`: a process that runs. */
export type ProcessPage = Json<ProcessPageValue>;
/** An item of `lastMessages` in `api/process/PID?messages`. */
export type LastMessage = Json<LastMessageValue>;
export type Other = Json<OtherValue>;
/** `api/life/PID`, and an item of `api/lives`: a process that has ended. */
export type EndedLife = Json<EndedLifeValue>;
/** `api/links`. */
export type Links = Json<LinksValue>;
