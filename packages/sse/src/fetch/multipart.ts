/**
 * A form as the standard encodes it (WHATWG HTML 4.10.22.8). A `Blob` copies none of its files, has
 * a length that can be sent, and can be sent again after a redirect.
 */
export function multipart(form: FormData): Blob {
  // In lower case, as the type of a Blob is.
  const boundary = `----reprise-${crypto.randomUUID()}`;
  const parts = [...form].flatMap(([name, value]) => [
    `--${boundary}\r\nContent-Disposition: form-data; name="${quoted(withCrLf(name))}"`,
    ...(typeof value === 'string' ? ['\r\n\r\n', withCrLf(value)] : fileParts(value)),
    '\r\n',
  ]);
  const type = `multipart/form-data; boundary=${boundary}`;
  return new Blob([...parts, `--${boundary}--\r\n`], { type });
}

function fileParts(file: File): readonly (string | File)[] {
  const type = file.type || 'application/octet-stream';
  return [`; filename="${quoted(file.name)}"\r\nContent-Type: ${type}\r\n\r\n`, file];
}

function withCrLf(text: string): string {
  return text.replaceAll(/\r\n?|\n/g, '\r\n');
}

function quoted(name: string): string {
  return name.replaceAll('\n', '%0A').replaceAll('\r', '%0D').replaceAll('"', '%22');
}
