Code.require_file("rate.exs", __DIR__)

# The same as curve.ts: `open` answers functions, {round, list, stop}.
defmodule Curve do
  @rounds 1000

  def measure(open) do
    amount = trunc(Rate.amount())
    sizes = for part <- [1000, 100, 10, 1], do: ceil(amount / part)

    {sent, handled, readings} =
      sizes
      |> Enum.with_index(1)
      |> Enum.reduce({0, 0, %{}}, fn {size, at}, {sent, handled, readings} ->
        {_, _, stop} = sized = open.(size)
        lists = ceil(amount / size)
        repeat(sized, lists)
        :erlang.garbage_collect()
        {medians, done} = repeat(sized, lists)
        stop.()
        {sent + @rounds + lists * size, handled + done, add(readings, medians, at)}
      end)

    Rate.print(sent, handled, readings)
  end

  # What was done since the last lap was `count` times this kind.
  def lap(kind, count \\ 1) do
    seconds = Rate.now() - Process.get(:from)
    Process.put({:lap, kind}, [seconds / count | Process.get({:lap, kind}, [])])
    Process.put(:from, Rate.now())
  end

  def start, do: Process.put(:from, Rate.now())

  defp repeat({round, list, _stop}, lists) do
    for {:lap, _} = key <- Process.get_keys(), do: Process.delete(key)
    start()
    done = Enum.count(0..(@rounds - 1), round)
    rows = Enum.sum(for _ <- 1..lists, do: list.())
    medians = for {{:lap, kind}, laps} <- Process.get(), do: {kind, median(laps)}
    {medians, done + rows}
  end

  defp median(laps), do: laps |> Enum.sort() |> Enum.at(div(length(laps), 2))

  defp add(readings, medians, at) do
    Enum.reduce(medians, readings, fn {kind, seconds}, readings ->
      readings = Map.put(readings, "#{kind} #{at}", seconds)
      Map.put(readings, "#{kind} growth", seconds / readings["#{kind} 1"])
    end)
  end
end
