declare module 'parse-prometheus-text-format' {
  interface ParsedMetric {
    readonly value: string;
    readonly labels?: Readonly<Record<string, string>>;
  }
  interface ParsedFamily {
    readonly name: string;
    readonly metrics: readonly ParsedMetric[];
  }
  export default function parse(text: string): readonly ParsedFamily[];
}
