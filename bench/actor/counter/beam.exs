defmodule Counter do
  use GenServer

  def init(count), do: {:ok, count}
  def handle_call({:add, by}, _from, count), do: {:reply, count + by, count + by}
  def handle_cast({:add, by}, count), do: {:noreply, count + by}
end
