Code.require_file("../../measure/rate.exs", __DIR__)
Code.require_file("../counter/beam.exs", __DIR__)

defmodule Call do
  @batch 1000

  def main do
    {:ok, server} = GenServer.start(Counter, 0)

    Rate.measure(@batch, fn -> run(server, @batch) end, fn ->
      GenServer.call(server, {:add, 0})
    end)
  end

  defp run(_server, 0), do: :ok

  defp run(server, left) do
    GenServer.call(server, {:add, 1})
    run(server, left - 1)
  end
end

Call.main()
