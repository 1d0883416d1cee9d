Code.require_file("../../measure/rate.exs", __DIR__)

defmodule Fragile do
  use GenServer

  def start_link(driver), do: GenServer.start_link(__MODULE__, driver)

  @impl true
  def init(driver) do
    send(driver, {:up, self()})
    {:ok, driver}
  end

  @impl true
  def handle_cast(:crash, _driver), do: raise("oops")
end

# Reports go through the default backend and its formatter, which makes text of them; that is counted, and dropped.
defmodule Reports do
  def begin do
    :persistent_term.put(:reports, :counters.new(1, []))
    :persistent_term.put(:pattern, Logger.Formatter.compile(nil))
    device = spawn_link(&drop/0)
    Logger.configure_backend(:console, device: device, format: {__MODULE__, :format})
  end

  def format(level, message, timestamp, metadata) do
    :counters.add(:persistent_term.get(:reports), 1, 1)
    Logger.Formatter.format(:persistent_term.get(:pattern), level, message, timestamp, metadata)
  end

  def count do
    Logger.flush()
    :counters.get(:persistent_term.get(:reports), 1)
  end

  defp drop do
    receive do
      {:io_request, from, ref, _text} -> send(from, {:io_reply, ref, :ok})
    end

    drop()
  end
end

defmodule Restart do
  # More would not be compared: the supervisor goes through all restarts that still count, at each of them.
  @batch 100

  # How many reports there are of each crash.
  def main(reports) do
    Reports.begin()
    restarted = :counters.new(1, [])

    Rate.measure(@batch, fn -> run(restarted) end, fn ->
      min(:counters.get(restarted, 1), div(Reports.count(), reports))
    end)
  end

  defp run(restarted) do
    {:ok, supervisor} = DynamicSupervisor.start_link(max_restarts: @batch)
    {:ok, child} = DynamicSupervisor.start_child(supervisor, {Fragile, self()})
    ^child = next()
    crash(child, restarted, @batch)
    :ok = DynamicSupervisor.stop(supervisor)
  end

  defp crash(_child, _restarted, 0), do: :ok

  defp crash(child, restarted, left) do
    GenServer.cast(child, :crash)
    next = next()
    :counters.add(restarted, 1, 1)
    crash(next, restarted, left - 1)
  end

  defp next do
    receive do
      {:up, child} -> child
    end
  end
end
