Code.require_file("../../measure/rate.exs", __DIR__)

defmodule Ring do
  @processes 1000
  @batch 100_000

  def main do
    main = self()
    last = spawn(fn -> receive(do: ({:next, next} -> loop(next, main))) end)
    first = Enum.reduce(2..@processes, last, fn _, next -> spawn(fn -> loop(next, main) end) end)
    send(last, {:next, first})
    hops = :counters.new(1, [])
    Rate.measure(@batch, fn -> run(first, hops) end, fn -> :counters.get(hops, 1) end)
  end

  defp run(first, hops) do
    send(first, @batch - 1)
    receive do: (:arrived -> :counters.add(hops, 1, @batch))
  end

  defp loop(next, main) do
    receive do
      0 -> send(main, :arrived)
      left -> send(next, left - 1)
    end

    loop(next, main)
  end
end

Ring.main()
