# A child that does nothing but tell that it is up.
defmodule Idle do
  use GenServer

  def child_spec({driver, id}),
    do: %{id: id, start: {GenServer, :start_link, [__MODULE__, driver]}}

  @impl true
  def init(driver) do
    send(driver, {:up, self()})
    {:ok, driver}
  end

  # The pid of the child that came up.
  def next do
    receive do
      {:up, child} -> child
    end
  end
end
