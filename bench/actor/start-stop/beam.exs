Code.require_file("../../measure/rate.exs", __DIR__)
Code.require_file("../counter/beam.exs", __DIR__)

defmodule StartStop do
  @batch 1000

  def main do
    stopped = :counters.new(1, [])
    Rate.measure(@batch, fn -> run(stopped, @batch) end, fn -> :counters.get(stopped, 1) end)
  end

  defp run(_stopped, 0), do: :ok

  defp run(stopped, left) do
    {:ok, server} = GenServer.start(Counter, 0)
    :ok = GenServer.stop(server)
    unless Process.alive?(server), do: :counters.add(stopped, 1, 1)
    run(stopped, left - 1)
  end
end

StartStop.main()
