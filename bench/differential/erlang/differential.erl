%% Reads programs from stdin, one term a line, runs each, and answers with its trace in one line.
%% The node has one scheduler: when nothing is ready to run, every process waits.
-module(differential).
-export([main/0, settle/0, log/2, entry/1, reason/1, text/1, pid/1, index/1, add/2, add/3,
         next/1, reason_of/1]).

main() ->
    logger:set_primary_config(level, none),
    io:setopts([{encoding, latin1}, binary]),
    io:put_chars([erlang:system_info(otp_release), $\n]),
    loop().

loop() ->
    case io:get_line("") of
        eof -> halt(0);
        Line ->
            {ok, Tokens, _} = erl_scan:string(binary_to_list(Line)),
            {ok, {Kind, Program}} = erl_parse:parse_term(Tokens),
            io:put_chars([trace(Kind, Program), $\n]),
            loop()
    end.

trace(Kind, Program) ->
    Old = processes(),
    Tables = [ets:new(Name, [named_table, public, Type])
              || {Name, Type} <- [{log, ordered_set}, {pids, set}, {state, set}]],
    Watcher = spawn(fun() -> watcher() end),
    erlang:trace(new_processes, true, [procs, {tracer, Watcher}]),
    Result = try
        Kind:run(Program),
        lists:join($\t, [E || {_, E} <- ets:tab2list(log)])
    catch
        throw:late -> "late";
        Class:Error:Stack -> io_lib:format("failed ~0p ~0p ~0p", [Class, Error, Stack])
    end,
    erlang:trace(new_processes, false, [procs]),
    stop_all(processes() -- Old),
    [ets:delete(Table) || Table <- Tables],
    Result.

stop_all([]) -> ok;
stop_all(Pids) ->
    Refs = [begin exit(P, kill), monitor(process, P) end || P <- Pids],
    [receive {'DOWN', R, process, _, _} -> ok end || R <- Refs].

%% Until no process is ready to run, twice in a row.
settle() -> settle(2).
settle(0) -> ok;
settle(N) ->
    erlang:yield(),
    case erlang:statistics(total_run_queue_lengths_all) of
        0 -> settle(N - 1);
        _ -> settle(2)
    end.

%% One line of the trace: of which process, in relation to which other, what.
log(Who, What) -> entry([text(Who), $\s, What]).
entry(Entry) -> ets:insert(log, {erlang:unique_integer([monotonic]), iolist_to_binary(Entry)}).

%% Tells the end of each process that has a name, with its reason. By tracing: a monitor would have
%% to be set before the process can end, and whoever starts it would have to wait for that.
watcher() ->
    receive
        {trace, Pid, exit, Reason} ->
            case index(Pid) of
                root -> ok;
                Name -> entry(["ends ", text(Name), $\s, reason(Reason)])
            end;
        _ -> ok
    end,
    watcher().

%% Processes have names or numbers, to be found by; the latest of a name counts.
add(Name, Pid) -> ets:insert(pids, [{Name, Pid}, {Pid, Name}]).
add(Id, Name, Pid) -> ets:insert(pids, [{Id, Pid}, {Pid, Name}]).
next(Id) -> ets:update_counter(state, Id, 1, {Id, 0}).
pid(Name) -> case ets:lookup(pids, Name) of [{_, Pid}] -> Pid; [] -> undefined end.
index(Pid) when is_pid(Pid) -> case ets:lookup(pids, Pid) of [{_, Name}] -> Name; [] -> root end;
index({Name, _Node}) -> Name;
index(Name) -> Name.

text(X) when is_atom(X) -> atom_to_list(X);
text(X) when is_integer(X) -> integer_to_list(X);
text([First | _] = X) when First > 31 -> X;
text(X) -> io_lib:format("~0p", [X]).

reason({shutdown, {failed_to_start_child, _, _} = Failed}) -> ["shutdown ", reason(Failed)];
reason({shutdown, Detail}) -> ["shutdown ", text(Detail)];
reason({failed_to_start_child, Id, Reason}) -> ["failed ", text(Id), $\s, reason(Reason)];
reason({{nocatch, Value}, Stack}) when is_list(Stack) -> ["nocatch ", text(Value)];
reason({bad_return_value, _}) -> "badReturnValue";
reason({already_started, _}) -> "alreadyStarted";
reason({Error, [_ | _]}) -> ["error ", text(Error)];
reason(Other) -> text(Other).

%% The reasons of a program.
reason_of(down) -> {shutdown, x};
reason_of(Reason) -> Reason.
