# The same as rate.ts: `run` does `batch` things to the end, `handled` says how many have been done in all.
defmodule Rate do
  def measure(batch, run, handled) do
    amount = amount()
    {warm_up, _} = repeat(batch, run, amount / 2)
    {done, seconds} = repeat(batch, run, amount)
    print(warm_up + done, handled.(), [{"rate", done / seconds}])
  end

  def amount do
    {amount, ""} = Float.parse(hd(System.argv()))
    amount
  end

  def print(sent, handled, readings) do
    pairs = Enum.map_join(readings, ",", fn {name, value} -> ~s("#{name}":#{value}) end)
    IO.puts(~s({"sent":#{sent},"handled":#{handled},"readings":{#{pairs}}}))
  end

  defp repeat(batch, run, seconds), do: repeat(batch, run, seconds, now(), 0)

  defp repeat(batch, run, seconds, from, done) do
    run.()
    elapsed = now() - from

    if elapsed < seconds,
      do: repeat(batch, run, seconds, from, done + batch),
      else: {done + batch, elapsed}
  end

  def now, do: System.monotonic_time(:nanosecond) / 1.0e9
end
