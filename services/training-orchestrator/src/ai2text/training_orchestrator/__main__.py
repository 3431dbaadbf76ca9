from ai2text.training_orchestrator.main import main

if __name__ == "__main__":
    main()
