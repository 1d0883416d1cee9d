Code.require_file("../../measure/rate.exs", __DIR__)
Code.require_file("../counter/beam.exs", __DIR__)

defmodule Heap do
  def main do
    amount = trunc(Rate.amount())
    start()
    empty = memory([self()])
    servers = for _ <- 1..amount, do: start()
    handled = servers |> Enum.map(&GenServer.call(&1, {:add, 1})) |> Enum.sum()
    full = memory([self() | servers])
    Rate.print(length(servers), handled, [{"bytes", (full - empty) / amount}])
  end

  defp start do
    {:ok, server} = GenServer.start(Counter, 0)
    server
  end

  defp memory(processes) do
    Enum.each(processes, &:erlang.garbage_collect/1)
    :erlang.memory(:total)
  end
end

Heap.main()
